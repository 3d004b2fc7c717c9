//! Builds everything from the config, and starts and stops it in the right order.
//!
//! Start: data_dir → keys → store → delivery → relay → listeners.
//! Reload: the file → relay (rules) → delivery, new sessions; what is bound or opened stays.
//! Stop: stop accepting → let sessions drain → stop claiming → let attempts end → close the store.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alias::{KeyError, Keyring, PairAliases};
use crate::config::{Config, ConfigErrors};
use crate::delivery::Scheduler;
use crate::domain::Clock;
use crate::policy::RuleError;
use crate::relay::{Coming, Envelope, Outcome, Peer, PutOff, Relay, Route, RouteRefusal};
use crate::smtp;
use crate::store::{
    DataDirError, DataDirLock, FirstUse, NamedPair, OpenMode, Store, StoreError, require_owner,
};
use crate::web;

/// So often it is looked whether a day is over whose root is still to be made.
const ROOTS_EVERY: Duration = Duration::from_secs(600);
/// Deliveries that wait in memory; more wait in the store.
const OUTBOX: usize = 1000;

/// Why the house can't be opened. Each says what would be right.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// PRODUCT §11: a lost volume must not bounce live aliases for good.
    #[error(
        "{0} holds no Bauta database. If this is its first use, say so with `serve --create`; if not, the volume with the data is missing"
    )]
    Empty(PathBuf),
    /// A key is never made beside an existing database.
    #[error(
        "{keys} is missing beside the database {database}: put it back from the backup; with new keys every alias ever given out would stop working"
    )]
    KeysMissing {
        /// Where the keys should be.
        keys: PathBuf,
        /// What is there.
        database: PathBuf,
    },
    /// Other keys than those that the aliases were made with.
    #[error(
        "the keys in {keys} did not make the aliases of the database {database} (key version {version}): put back the keys that belong to it; with these every such alias ever given out would stop working"
    )]
    KeysOfAnother {
        /// The keys.
        keys: PathBuf,
        /// The database.
        database: PathBuf,
        /// Which version of the key does not fit, or is not there.
        version: u32,
    },
    /// Keys without a database.
    #[error(
        "{0} holds alias keys but no database: restore the database from the backup, or say with `serve --create` that a new one is to be made for these keys, as after a first use that was interrupted"
    )]
    DatabaseMissing(PathBuf),
    /// The folder can't be made or used.
    #[error("{path}: {source}")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder is somebody else's, or in use.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The keys can't be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the house is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To run the relay: nobody else may at the same time.
    Serve,
    /// To register beside a running relay, or before its first start.
    Register,
    /// To look, beside a running relay or without one: makes nothing where there is nothing.
    Look,
}

/// The config, the keys and the store: what every command works on.
pub struct House {
    /// The settings.
    pub config: Arc<Config>,
    /// The alias keys.
    pub keyring: Keyring,
    /// The database.
    pub store: Store,
    lock: Option<DataDirLock>,
}

/// Where the database lies.
pub fn database_path(config: &Config) -> PathBuf {
    config.relay.data_dir.join("bauta.db")
}

/// Where the alias keys lie.
pub fn keys_path(config: &Config) -> PathBuf {
    config.relay.data_dir.join("alias.keys")
}

impl House {
    /// Opens keys and database; makes them on first use where that is safe: every listener is on
    /// loopback, or `create` was said.
    pub async fn open(
        config: Arc<Config>,
        purpose: Purpose,
        create: bool,
    ) -> Result<Self, OpenError> {
        let (database, keys) = (database_path(&config), keys_path(&config));
        let domain = &config.relay.alias_domain;
        let may_create = create || (purpose != Purpose::Look && config.all_loopback());
        // Held until both are there.
        let first_use = match (is_made(&database), keys.exists()) {
            (true, _) => None,
            (false, true) if !create => return Err(OpenError::DatabaseMissing(keys)),
            (false, false) if !may_create => {
                return Err(OpenError::Empty(config.relay.data_dir.clone()));
            }
            (false, _) => {
                make_folder(&config.relay.data_dir)?;
                require_owner(&config.relay.data_dir)?;
                Some(FirstUse::take(&config.relay.data_dir)?)
            }
        };
        // Asked again: another process may have made them while we waited for it.
        let (has_database, has_keys) = (is_made(&database), keys.exists());
        let keyring = match (has_database, has_keys) {
            (true, false) => return Err(OpenError::KeysMissing { keys, database }),
            (false, false) => {
                // Before the database: keys alone have named nobody yet.
                let keyring = Keyring::generate(domain)?;
                keyring.create(&keys)?;
                keyring
            }
            (_, true) => {
                require_owner(&config.relay.data_dir)?;
                Keyring::load(&keys, domain)?
            }
        };
        let lock = match purpose {
            Purpose::Serve => Some(DataDirLock::take(&config.relay.data_dir)?),
            Purpose::Register | Purpose::Look => None,
        };
        let mode = match (has_database, purpose) {
            (false, _) => OpenMode::Create,
            (true, Purpose::Serve) => OpenMode::Serve,
            (true, Purpose::Register | Purpose::Look) => OpenMode::Beside,
        };
        let store = Store::open(&database, mode, domain)?;
        drop(first_use);
        let fit = match store.named_pairs().await {
            Ok(pairs) => require_keys_of(&config, &keyring, pairs),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = fit {
            store.close().await;
            return Err(error);
        }
        Ok(Self { config, keyring, store, lock })
    }

    /// Looks whether the keys and the database that the config names can be used, as far as they
    /// are there, and changes nothing.
    pub fn inspect(config: &Config) -> Result<(), OpenError> {
        let (database, keys) = (database_path(config), keys_path(config));
        let domain = &config.relay.alias_domain;
        let keyring = if keys.exists() { Some(Keyring::load(&keys, domain)?) } else { None };
        if !is_made(&database) {
            return Ok(());
        }
        let pairs = Store::inspect(&database, domain)?;
        match keyring {
            Some(keyring) => require_keys_of(config, &keyring, pairs),
            None => Err(OpenError::KeysMissing { keys, database }),
        }
    }
}

/// Refuses keys that did not make the database's aliases: the relay would refuse mail to all of
/// them for good.
fn require_keys_of(
    config: &Config,
    keyring: &Keyring,
    pairs: Vec<NamedPair>,
) -> Result<(), OpenError> {
    for NamedPair { seller, buyer, names } in pairs {
        let version = names.key_version;
        let aliases = PairAliases {
            key_version: version,
            seller: names.seller_alias,
            buyer: names.buyer_alias,
        };
        if !keyring.named(&seller, &buyer, &aliases) {
            let (database, keys) = (database_path(config), keys_path(config));
            return Err(OpenError::KeysOfAnother { keys, database, version });
        }
    }
    Ok(())
}

/// Whether there is a database; an empty file is none.
fn is_made(database: &Path) -> bool {
    fs::metadata(database).is_ok_and(|found| found.len() > 0)
}

/// Makes a folder that only its owner can look into.
fn make_folder(path: &Path) -> Result<(), OpenError> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| OpenError::Folder { path: path.to_owned(), source })
}

/// Reads the alias keys again when the operator rotated them, within 250 ms (PRODUCT §11): an
/// alias of the new key may be written to at once.
async fn watch_keys(relay: Relay, config: Arc<Config>, stop: CancellationToken) {
    let path = keys_path(&config);
    let stamp = || fs::metadata(&path).and_then(|m| Ok((m.modified()?, m.len()))).ok();
    let mut known = stamp();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
        let found = stamp();
        if found.is_none() || found == known {
            continue;
        }
        match Keyring::load(&path, &config.relay.alias_domain) {
            Ok(keyring) => {
                tracing::info!(version = keyring.newest(), "alias keys read again");
                relay.use_keys(keyring);
            }
            Err(error) => {
                tracing::error!(%error, "alias keys changed and can't be read; the old ones stay")
            }
        }
        known = found;
    }
}

/// Why the relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port can't be had.
    #[error("{key}: {address}: {source}")]
    Listen {
        /// The key that names it.
        key: &'static str,
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A rule doesn't compile.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// The database can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a config file was not taken. The old settings stay.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// It is wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// A rule doesn't compile.
    #[error(transparent)]
    Rules(#[from] RuleError),
}

/// The relay under the settings in force. What a mail began with, it ends with.
struct Current(RwLock<Relay>);

impl Current {
    fn now(&self) -> Relay {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl smtp::Door for Current {
    type Route = Route;
    type Coming = Coming;

    fn expect(&self) -> Coming {
        self.now().expect()
    }

    async fn route(
        &self,
        peer: Peer,
        mail_from: &str,
        recipient: &str,
    ) -> Result<Route, RouteRefusal> {
        self.now().route(peer, mail_from, recipient).await
    }

    async fn put_off(&self, peer: Peer, mail_from: &str, routes: &[Route]) -> Option<PutOff> {
        self.now().put_off(peer, mail_from, routes).await
    }

    async fn accept(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        routes: Vec<Route>,
        mail: (Vec<u8>, Coming),
    ) -> Outcome {
        smtp::Door::accept(&self.now(), peer, envelope, routes, mail).await
    }
}

/// Does what time and other processes ask of the relay, until it stops: what people decide beside
/// it is noticed within 250 ms (PRODUCT §11).
async fn attend(relay: Arc<Current>, stop: CancellationToken) {
    loop {
        let now = relay.now();
        now.attend().await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = now.something_to_tell() => {}
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
    }
}

/// Erases what is past its time, and makes the roots of days that are over, until the relay stops.
async fn expire(relay: Arc<Current>, stop: CancellationToken) {
    let mut rooted: Option<Instant> = None;
    loop {
        if rooted.is_none_or(|at| at.elapsed() > ROOTS_EVERY) {
            relay.now().log_roots().await;
            rooted = Some(Instant::now());
        }
        let pause = relay.now().expire(&stop).await;
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn bind(key: &'static str, addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for &address in addresses {
        let bound = smtp::bind(address);
        listeners.push(bound.map_err(|source| StartError::Listen { key, address, source })?);
    }
    Ok(listeners)
}

/// The running relay.
pub struct App {
    /// Where it listens for SMTP, with the real ports.
    pub smtp: Vec<SocketAddr>,
    /// Where it listens for HTTP, with the real ports.
    pub http: Vec<SocketAddr>,
    store: Store,
    config: watch::Sender<Arc<Config>>,
    relay: Arc<Current>,
    settings: watch::Sender<Arc<smtp::Settings>>,
    accepting: CancellationToken,
    claiming: CancellationToken,
    sessions: TaskTracker,
    deliveries: TaskTracker,
    _lock: Option<DataDirLock>,
}

impl App {
    /// Starts everything.
    pub async fn start(house: House, clock: Clock) -> Result<Self, StartError> {
        let House { config, keyring, store, lock } = house;
        let listeners = bind("smtp.listen", &config.smtp.listen)?;
        let faces = bind("http.listen", &config.http.listen)?;
        let http = faces.iter().filter_map(|l| l.local_addr().ok()).collect();
        let smtp = listeners.iter().filter_map(|l| l.local_addr().ok()).collect();
        let (accepting, claiming) = (CancellationToken::new(), CancellationToken::new());
        let (sessions, deliveries) = (TaskTracker::new(), TaskTracker::new());

        // Leases of an earlier instance: it is dead, for we hold the lock.
        store.free_leases().await?;
        let (outbox, incoming) = mpsc::channel(OUTBOX);
        let relay = Relay::new(Arc::clone(&config), keyring, store.clone(), clock.clone(), outbox)?;
        let (current, in_force) = watch::channel(Arc::clone(&config));
        let scheduler = Scheduler::new(store.clone(), in_force, clock.clone(), incoming);
        deliveries.spawn(scheduler.run(claiming.clone()));

        let (archive, stop) = (relay.clone(), claiming.clone());
        deliveries.spawn(async move { archive.index(stop).await });
        deliveries.spawn(watch_keys(relay.clone(), Arc::clone(&config), claiming.clone()));

        for face in faces {
            let (stopping, end) = (accepting.clone(), claiming.clone());
            let of_face = current.subscribe();
            let serving = web::serve(face, store.clone(), clock.clone(), of_face, stopping, end);
            deliveries.spawn(async move {
                if let Err(error) = serving.await {
                    tracing::error!(%error, "HTTP is not answered any more");
                }
            });
        }

        let settings = smtp::Settings::new(&config).with_tls(config.tls.as_ref());
        let (settings, of_sessions) = watch::channel(Arc::new(settings));
        let relay = Arc::new(Current(RwLock::new(relay)));
        deliveries.spawn(attend(Arc::clone(&relay), claiming.clone()));
        deliveries.spawn(expire(Arc::clone(&relay), claiming.clone()));
        for listener in listeners {
            sessions.spawn(smtp::serve(
                listener,
                of_sessions.clone(),
                Arc::clone(&relay),
                accepting.clone(),
                sessions.clone(),
            ));
        }
        Ok(Self {
            smtp,
            http,
            store,
            config: current,
            relay,
            settings,
            accepting,
            claiming,
            sessions,
            deliveries,
            _lock: lock,
        })
    }

    /// Reads the config file again: for the next mails, attempts and sessions; no connection is
    /// dropped. Gives the keys that changed and that only a restart takes.
    ///
    /// # Errors
    /// The file is wrong; nothing has changed then.
    pub fn reload(&self, file: &Path) -> Result<Vec<&'static str>, ReloadError> {
        let running = Arc::clone(&self.config.borrow());
        let (config, kept) = Config::load(file)?.taken_over_from(&running);
        let relay = self.relay.now().under(Arc::clone(&config))?;
        *self.relay.0.write().unwrap_or_else(PoisonError::into_inner) = relay;
        self.settings.send_modify(|settings| {
            let renewed = settings.renewed(&config);
            *settings = Arc::new(renewed.with_tls(config.tls.as_ref()));
        });
        self.config.send_replace(config);
        Ok(kept)
    }

    /// Stops accepting, drains, stops claiming, lets attempts end, closes the store.
    pub async fn stop(self) {
        self.accepting.cancel();
        self.sessions.close();
        self.sessions.wait().await;
        self.claiming.cancel();
        self.deliveries.close();
        self.deliveries.wait().await;
        self.store.close().await;
        tracing::info!("stopped");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Language, PartyId};
    use crate::store::{PairNames, PutParty};

    fn config(folder: &Path, alias_domain: &str) -> Arc<Config> {
        let text = format!(
            "[relay]\nhostname = \"relay.example\"\nalias_domain = \"{alias_domain}\"\n\
             marketplace = \"Lamp Market\"\n[senders]\nverify = \"address\"\n\
             [delivery]\nroute = \"smarthost\"\nsmarthost = \"127.0.0.1:2526\"\n"
        );
        Arc::new(Config::parse(&text, &folder.join("bauta.toml")).unwrap())
    }

    async fn open(config: &Arc<Config>, purpose: Purpose, create: bool) -> Result<(), OpenError> {
        let house = House::open(Arc::clone(config), purpose, create).await?;
        house.store.close().await;
        Ok(())
    }

    fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|p| (p.clone(), fs::read(p).unwrap())).collect();
        files.sort();
        files
    }

    /// A house in which one pair was given aliases.
    async fn one_pair(config: &Arc<Config>) {
        let house = House::open(Arc::clone(config), Purpose::Register, false).await.unwrap();
        let (seller, buyer) = ("S1".parse().unwrap(), "B1".parse().unwrap());
        for (id, address) in [
            (PartyId::Seller("S1".parse().unwrap()), "cs@lamps.example"),
            (PartyId::Buyer("B1".parse().unwrap()), "jane@mail.example"),
        ] {
            let name = "Lamp Shop".parse().unwrap();
            let addresses = vec![address.parse().unwrap()];
            let put = PutParty::new(id, name, Language::En, addresses);
            house.store.put_party(put).await.unwrap();
        }
        let PairAliases { key_version, seller: seller_alias, buyer: buyer_alias } =
            house.keyring.mint(&seller, &buyer);
        let names = PairNames { key_version, seller_alias, buyer_alias };
        house.store.name_pair(&seller, &buyer, names).await.unwrap();
        house.store.close().await;
    }

    #[tokio::test]
    async fn keys_that_did_not_make_the_databases_aliases_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "relay.example");
        one_pair(&config).await;
        let own = fs::read(keys_path(&config)).unwrap();
        fs::remove_file(keys_path(&config)).unwrap();
        Keyring::generate("relay.example").unwrap().create(&keys_path(&config)).unwrap();
        for purpose in [Purpose::Serve, Purpose::Register, Purpose::Look] {
            let refused = open(&config, purpose, true).await.unwrap_err();
            assert!(matches!(refused, OpenError::KeysOfAnother { version: 1, .. }), "{refused}");
        }
        let refused = House::inspect(&config).unwrap_err().to_string();
        assert!(refused.contains("did not make the aliases"), "{refused}");
        fs::write(keys_path(&config), own).unwrap();
        open(&config, Purpose::Serve, false).await.unwrap();
        House::inspect(&config).unwrap();
    }

    #[tokio::test]
    async fn another_alias_domain_than_the_databases_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        open(&config(folder.path(), "relay.example"), Purpose::Serve, false).await.unwrap();
        let other = config(folder.path(), "other.example");
        for refused in [
            open(&other, Purpose::Serve, true).await.unwrap_err(),
            open(&other, Purpose::Look, false).await.unwrap_err(),
            House::inspect(&other).unwrap_err(),
        ] {
            let refused = refused.to_string();
            assert!(refused.contains("made for aliases at relay.example"), "{refused}");
            assert!(refused.contains("would stop working"), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_first_use_that_was_interrupted_anywhere_is_finished_by_create() {
        for left in [
            &[][..],
            &["alias.new"],
            &["alias.keys"],
            &["alias.keys", "bauta.db.new"],
            &["alias.keys", "bauta.db"],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let config = config(folder.path(), "relay.example");
            let data = &config.relay.data_dir;
            make_folder(data).unwrap();
            for &name in left {
                match name {
                    "alias.keys" => {
                        Keyring::generate("x").unwrap().create(&data.join(name)).unwrap();
                    }
                    "bauta.db" => fs::write(data.join(name), "").unwrap(),
                    _ => fs::write(data.join(name), "half").unwrap(),
                }
            }
            if left.contains(&"alias.keys") {
                let refused = open(&config, Purpose::Serve, false).await.unwrap_err().to_string();
                assert!(refused.contains("`serve --create`"), "{refused}");
            }
            open(&config, Purpose::Serve, true).await.unwrap();
            open(&config, Purpose::Serve, false).await.unwrap();
            let left_over = data.join("bauta.db.new").exists() || data.join("alias.new").exists();
            assert!(!left_over, "{left:?}");
        }
    }

    #[tokio::test]
    async fn who_only_looks_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "relay.example");
        let refused = open(&config, Purpose::Look, false).await.unwrap_err();
        assert!(matches!(refused, OpenError::Empty(_)), "{refused}");
        House::inspect(&config).unwrap();
        assert!(!config.relay.data_dir.exists());
        open(&config, Purpose::Register, false).await.unwrap();
        open(&config, Purpose::Look, false).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn of_many_first_commands_at_once_one_makes_what_all_use() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "relay.example");
        let mut first = Vec::new();
        for _ in 0..4 {
            let config = Arc::clone(&config);
            first.push(tokio::spawn(async move { open(&config, Purpose::Register, true).await }));
        }
        for one in first {
            one.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn a_check_names_damaged_keys_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), "relay.example");
        one_pair(&config).await;
        let before = files(&config.relay.data_dir);
        House::inspect(&config).unwrap();
        assert_eq!(files(&config.relay.data_dir), before);
        fs::write(keys_path(&config), "rubbish").unwrap();
        let refused = House::inspect(&config).unwrap_err().to_string();
        assert!(refused.contains("alias.keys, line 1"), "{refused}");
        fs::remove_file(keys_path(&config)).unwrap();
        assert!(matches!(House::inspect(&config), Err(OpenError::KeysMissing { .. })));
    }
}
