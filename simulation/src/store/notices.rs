//! What contacts must be told, handed on.

use async_trait::async_trait;
use postroad_domain::TenantNo;
use postroad_store::{
    AskMail, CloseDigest, DueMail, MailNo, MailSettled, Notice, Notices, StoreError, WarnContacts,
};

use super::SimulatedStore;

#[async_trait]
impl Notices for SimulatedStore {
    async fn due_mail(&self, ask: AskMail) -> Result<DueMail, StoreError> {
        self.look("due_mail", self.inner.due_mail(ask)).await
    }

    async fn close_digest(&self, close: CloseDigest) -> Result<usize, StoreError> {
        self.write(1, self.inner.close_digest(close)).await
    }

    async fn closed_notices(&self, tenant_no: TenantNo) -> Result<Vec<Notice>, StoreError> {
        self.look("closed_notices", self.inner.closed_notices(tenant_no)).await
    }

    async fn settle_mail(&self, no: MailNo, settled: MailSettled) -> Result<(), StoreError> {
        self.write(1, self.inner.settle_mail(no, settled)).await
    }

    async fn warn_contacts(&self, warn: WarnContacts) -> Result<bool, StoreError> {
        self.write(2, self.inner.warn_contacts(warn)).await
    }
}
