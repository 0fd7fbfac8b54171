//! The memory store passes the suite, both as the embedded store's twin and as the cluster's.

mod embedded {
    use std::sync::Arc;

    use postroad_store::memory::MemoryStore;

    async fn fresh() -> Arc<MemoryStore> {
        Arc::new(MemoryStore::embedded())
    }

    postroad_store::conformance_suite!(fresh());
}

mod clustered {
    use std::sync::Arc;

    use postroad_store::memory::MemoryStore;

    async fn fresh() -> Arc<MemoryStore> {
        Arc::new(MemoryStore::clustered())
    }

    postroad_store::conformance_suite!(fresh());
}
