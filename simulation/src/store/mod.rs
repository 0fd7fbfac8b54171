//! The store of a story: a real one beneath, and a simulated disk in front of it.
//!
//! Each call waits as long as its disk takes, by the story's clock; then the store's own work is done to its end while the
//! thread waits, whatever threads the store has. So the order of everything follows from the story and not from the machine.
//!
//! **Invariant:** on an error that the disk makes up, nothing was written.

mod cluster;
mod configuration;
mod disk;
mod history;
mod inner;
mod notices;
mod queue;

use std::sync::Arc;

use postroad_domain::{DeliveryId, TenantNo, delivery::Delivery};
use postroad_store::{LaneKey, Store, StoreError};

pub(crate) use disk::Disk;
pub(crate) use inner::DurableState;

use crate::{
    journal::{How, Journal, Queued, What},
    network::event_of,
};

/// The store of one life of the node.
pub(crate) struct SimulatedStore {
    inner: Arc<dyn Store>,
    runtime: tokio::runtime::Handle,
    durable: DurableState,
    disk: Disk,
    journal: Journal,
}

impl SimulatedStore {
    /// Opens the durable state for a new life.
    pub(crate) fn open(durable: &DurableState, disk: Disk, journal: Journal) -> Self {
        let (inner, runtime) = (durable.open(), durable.runtime());
        Self { inner, runtime, durable: durable.clone(), disk, journal }
    }

    /// What has become of a delivery, without a look at the disk.
    pub(crate) async fn delivery_at_last(&self, tenant_no: TenantNo, id: DeliveryId) -> Option<Delivery> {
        self.now(self.inner.delivery(tenant_no, id)).await.ok().flatten()
    }

    /// Does a call to its end.
    async fn now<T>(&self, call: impl Future<Output = T> + Send) -> T {
        self.durable.set_clock(self.disk.clock());
        inner::to_the_end(&self.runtime, call)
    }

    /// A transaction of so many rows.
    async fn write<T, E: From<StoreError>>(
        &self,
        rows: usize,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let alone = self.disk.writer().await;
        self.disk.write_takes(rows).await;
        self.disk.may_write()?;
        let answer = self.now(call).await;
        drop(alone);
        // The feed has told of it already.
        self.disk.answer_takes().await;
        answer
    }

    /// A reading that answers about so many bytes.
    async fn read<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, E>> + Send,
        bytes_of: impl Fn(&T) -> usize,
    ) -> Result<T, E> {
        let _one_of_few = self.disk.reader().await;
        self.disk.read_takes().await?;
        let answer = self.now(call).await?;
        if let Err(error) = self.disk.brings(bytes_of(&answer)).await {
            self.journal.note(What::StoreFailed(name, error.to_string()));
            return Err(error.into());
        }
        Ok(answer)
    }

    /// The same where the answer is small.
    async fn look<T, E: From<StoreError>>(
        &self,
        name: &'static str,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        self.read(name, call, |_| 0).await
    }

    fn note_queued(&self, delivery: DeliveryId, lane: LaneKey, data: &[u8], (how, is_group): (How, bool)) {
        if let Some(event) = event_of(data) {
            self.journal.note(What::Queued(Queued { delivery, lane, event, how, is_group }));
        }
    }
}
