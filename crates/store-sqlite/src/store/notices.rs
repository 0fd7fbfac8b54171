//! The operations of [`Notices`], each handed to the writer or to a reader.

use async_trait::async_trait;
use postroad_domain::TenantNo;
use postroad_store::{
    AskMail, CloseDigest, DueMail, MailNo, MailSettled, Notice, Notices, StoreError, WarnContacts,
};

use super::SqliteStore;
use crate::{
    reading::notices,
    writer::{
        self,
        WhenFull::{GiveUp, UseBallast},
    },
};

#[async_trait]
impl Notices for SqliteStore {
    async fn due_mail(&self, ask: AskMail) -> Result<DueMail, StoreError> {
        self.readers.read(move |db| notices::due(db, ask)).await
    }

    async fn close_digest(&self, close: CloseDigest) -> Result<usize, StoreError> {
        self.writer.write(GiveUp, move |work| writer::notices::close(work, &close)).await
    }

    async fn closed_notices(&self, tenant_no: TenantNo) -> Result<Vec<Notice>, StoreError> {
        self.readers.read(move |db| notices::closed(db, tenant_no)).await
    }

    async fn settle_mail(&self, no: MailNo, settled: MailSettled) -> Result<(), StoreError> {
        self.writer.write(UseBallast, move |work| writer::notices::settle(work, no, settled)).await
    }

    async fn warn_contacts(&self, warn: WarnContacts) -> Result<bool, StoreError> {
        self.writer.write(GiveUp, move |work| writer::notices::warn(work, warn)).await
    }
}
