//! Asking again and again, for what gives no signal of its own: another process's health, its figures, its lists.
//!
//! Where there is a signal (a request has arrived, a line was written, a process has ended), wait for that instead.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::patience::within;

/// Between two questions: short beside everything that is measured in a process, long enough to leave it the processor.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks until there is an answer, and panics after [`PATIENCE`](crate::PATIENCE), saying `what` never came.
pub async fn poll_for<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut turns = tokio::time::interval(PAUSE);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    within(what, async {
        loop {
            turns.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_question_is_asked_until_it_is_answered() {
        let mut questions = 0;
        let answer = poll_for("the third answer", async || {
            questions += 1;
            (questions == 3).then_some("yes")
        });
        assert_eq!(answer.await, "yes");
        assert_eq!(questions, 3);
    }
}
