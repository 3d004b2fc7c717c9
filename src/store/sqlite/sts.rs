//! What domains promise of their mail servers, kept as long as they say (RFC 8461 §3.2).

use rusqlite::params;

use super::Store;
use super::rows::{get, moment, one, run};
use crate::store::error::StoreError;
use crate::store::records::StsPolicy;

impl Store {
    /// A domain's policy; it may be over.
    pub async fn sts_policy(&self, domain: &str) -> Result<Option<StsPolicy>, StoreError> {
        let domain = domain.to_owned();
        self.read(move |conn| {
            one(conn, "SELECT * FROM sts_policy WHERE domain = ?1", [domain], |row| {
                let hosts: String = get(row, "hosts")?;
                Ok(StsPolicy {
                    id: get(row, "id")?,
                    mode: get(row, "mode")?,
                    hosts: serde_json::from_str(&hosts)
                        .map_err(|_| StoreError::Damaged("sts_policy.hosts"))?,
                    until: moment(row, "until")?,
                })
            })
        })
        .await
    }

    /// Keeps a domain's policy in place of an older one.
    pub async fn keep_sts_policy(&self, domain: &str, policy: StsPolicy) -> Result<(), StoreError> {
        let domain = domain.to_owned();
        self.write(1024, move |conn| {
            let hosts = serde_json::to_string(&policy.hosts)
                .map_err(|_| StoreError::Damaged("sts_policy.hosts"))?;
            let until = policy.until.as_millis();
            let sql = "INSERT OR REPLACE INTO sts_policy (domain, id, mode, hosts, until)
                VALUES (?1, ?2, ?3, ?4, ?5)";
            run(conn, sql, params![domain, policy.id, policy.mode, hosts, until]).map(|_| ())
        })
        .await
    }
}
