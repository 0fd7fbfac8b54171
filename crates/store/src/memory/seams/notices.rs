//! The memory store's notices.

use async_trait::async_trait;
use postroad_domain::TenantNo;

use crate::{
    AskMail, CloseDigest, DueMail, MailNo, MailSettled, Notice, Notices, StoreError, WarnContacts,
    memory::MemoryStore,
};

#[async_trait]
impl Notices for MemoryStore {
    async fn due_mail(&self, ask: AskMail) -> Result<DueMail, StoreError> {
        Ok(self.state().due_mail(ask))
    }

    async fn close_digest(&self, close: CloseDigest) -> Result<usize, StoreError> {
        Ok(self.state().close_digest(close))
    }

    async fn closed_notices(&self, tenant_no: TenantNo) -> Result<Vec<Notice>, StoreError> {
        Ok(self.state().closed_notices(tenant_no))
    }

    async fn settle_mail(&self, no: MailNo, settled: MailSettled) -> Result<(), StoreError> {
        self.state().settle_mail(no, settled);
        Ok(())
    }

    async fn warn_contacts(&self, warn: WarnContacts) -> Result<bool, StoreError> {
        Ok(self.state().warn_contacts(warn))
    }
}
