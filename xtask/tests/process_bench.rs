//! The generator against the receiver, as processes, for a second.

use std::process::Command;

#[test]
fn the_bare_work_loses_nothing_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["bench", "ten", "rate200", "--bare", "--no-build", "--seconds", "1", "--folder"])
        .arg(folder.path())
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let reports: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    for report in reports.as_array().unwrap() {
        let bare = &report["runs"][0]["bare"];
        for count in ["lost", "duplicated", "unreadable", "refused"] {
            assert_eq!(bare[count], 0, "{count} of {report}");
        }
        assert!(bare["delivered_per_second"].as_f64().unwrap() > 100.0, "{report}");
    }
}
