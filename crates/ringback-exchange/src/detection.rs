//! Machine detection: what is listened for, and what it means for the script.

use ringback_model::ncco::{AdvancedMachineDetection, DetectionMode, MachineDetection};

/// What is listened for once somebody has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Detection {
    /// Whether it is the advanced kind.
    pub(crate) advanced: bool,
    /// Whether a machine is hung up on.
    pub(crate) hangs_up: bool,
    pub(crate) mode: Mode,
    /// Seconds until the beep is given up.
    pub(crate) beep_timeout: u32,
}

/// When the script goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// At once; verdict and beep are events that may be answered with a script.
    Asynchronous,
    /// After the verdict.
    Verdict,
    /// After the verdict, and after a machine's beep.
    Beep,
}

/// Seconds to wait for the beep when the action does not say (inferred from the vendor's samples).
const BEEP_TIMEOUT: u32 = 45;

impl Detection {
    /// The advanced kind wins; without either nothing is listened for.
    pub(crate) fn of(
        standard: Option<&MachineDetection>,
        advanced: Option<&AdvancedMachineDetection>,
    ) -> Option<Self> {
        let hangs_up = |what: Option<&MachineDetection>| what == Some(&MachineDetection::Hangup);
        if let Some(advanced) = advanced {
            return Some(Self {
                advanced: true,
                hangs_up: hangs_up(advanced.behavior.as_ref()),
                mode: match advanced.mode {
                    Some(DetectionMode::Asynchronous) => Mode::Asynchronous,
                    Some(DetectionMode::DetectBeep) => Mode::Beep,
                    _ => Mode::Verdict,
                },
                beep_timeout: advanced.beep_timeout.unwrap_or(BEEP_TIMEOUT).clamp(30, 120),
            });
        }
        standard.map(|standard| Self {
            advanced: false,
            hangs_up: hangs_up(Some(standard)),
            // The script runs meanwhile (inferred from the older documentation).
            mode: Mode::Asynchronous,
            beep_timeout: BEEP_TIMEOUT,
        })
    }

    /// Whether the script waits for the verdict.
    pub(crate) fn holds(self) -> bool {
        self.mode != Mode::Asynchronous
    }
}
