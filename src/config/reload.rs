//! A new file under a running relay.

use std::sync::Arc;

use super::settings::Config;

impl Config {
    /// These settings as a relay can take them that runs under `running`: what is bound, opened or
    /// given out already stays, and the keys that differ there are named, for only a restart takes
    /// them.
    pub fn taken_over_from(mut self, running: &Self) -> (Arc<Self>, Vec<&'static str>) {
        let mut kept = Vec::new();
        if self.smtp.listen != running.smtp.listen {
            self.smtp.listen.clone_from(&running.smtp.listen);
            kept.push("smtp.listen");
        }
        if self.http.listen != running.http.listen {
            self.http.listen.clone_from(&running.http.listen);
            kept.push("http.listen");
        }
        if self.relay.data_dir != running.relay.data_dir {
            self.relay.data_dir.clone_from(&running.relay.data_dir);
            kept.push("relay.data_dir");
        }
        if self.relay.alias_domain != running.relay.alias_domain {
            self.relay.alias_domain.clone_from(&running.relay.alias_domain);
            kept.push("relay.alias_domain");
        }
        (Arc::new(self), kept)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Route;

    fn config(lines: &[(&str, &str)]) -> Config {
        let mut text = r#"
[relay]
hostname = "relay.example"
alias_domain = "alias.example"
marketplace = "Lumo Market"
data_dir = "data"
[smtp]
listen = ["127.0.0.1:2525"]
[senders]
verify = "address"
[delivery]
route = "smarthost"
smarthost = "127.0.0.1:2526"
"#
        .to_owned();
        for (old, new) in lines {
            assert!(text.contains(old));
            text = text.replace(old, new);
        }
        Config::parse(&text, Path::new("/etc/bauta.toml")).unwrap()
    }

    #[test]
    fn what_only_a_restart_takes_stays_and_is_named_and_the_rest_is_taken() {
        let running = config(&[]);
        let new = [
            ("127.0.0.1:2525", "127.0.0.1:2555"),
            ("\"data\"", "\"other\""),
            ("alias.example", "new.example"),
            ("Lumo Market", "Luma"),
            ("127.0.0.1:2526", "127.0.0.1:2566"),
        ];
        let (taken, kept) = config(&new).taken_over_from(&running);
        assert_eq!(kept, ["smtp.listen", "relay.data_dir", "relay.alias_domain"]);
        assert_eq!(taken.smtp.listen, running.smtp.listen);
        assert_eq!(taken.relay.data_dir, Path::new("/etc/data"));
        assert_eq!(taken.relay.alias_domain, "alias.example");
        assert_eq!(taken.relay.marketplace, "Luma");
        assert!(matches!(taken.delivery.route, Route::Smarthost { port: 2566, .. }));
        let (_, kept) = config(&new[3..]).taken_over_from(&running);
        assert_eq!(kept, Vec::<&str>::new());
    }
}
