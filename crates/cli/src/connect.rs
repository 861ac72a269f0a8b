//! Which cluster the tools talk to.

use client::{Client, ClientConfig};

use crate::failure::Failure;

/// How to reach the cluster.
#[derive(Debug, clap::Args)]
pub struct Connect {
    /// Brokers to begin with: HOST:PORT[,HOST:PORT]
    #[arg(
        short,
        long,
        global = true,
        value_name = "HOST:PORT",
        help_heading = "Global options",
        env = "OTTLA_BOOTSTRAP",
        default_value = "127.0.0.1:9092"
    )]
    bootstrap: String,
}

impl Connect {
    /// A client of that cluster.
    pub async fn client(&self) -> Result<Client, Failure> {
        let config = ClientConfig { client_id: "ottla-cli".to_owned(), ..ClientConfig::default() };
        Ok(Client::connect_with(&self.bootstrap, config).await?)
    }
}
