// SPDX-License-Identifier: Apache-2.0
//! Which calls each scope has. What is not named here is refused, also calls of later versions.
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::InstanceFilter;
use pallet_bcfl::Call;
use scale_info::TypeInfo;

use super::Scope;
use crate::{Runtime, RuntimeCall};

/// Whether a key with this scope may sign this call: one of the scope, or several that succeed or
/// fail together, as the leaves of a root are applied.
pub fn allows(scope: Scope, call: &RuntimeCall) -> bool {
    match call {
        RuntimeCall::Bcfl(call) => has(scope, call),
        RuntimeCall::Utility(pallet_utility::Call::batch_all { calls }) => {
            let is_in =
                |one: &RuntimeCall| matches!(one, RuntimeCall::Bcfl(one) if has(scope, one));
            !calls.is_empty() && calls.iter().all(is_in)
        }
        _ => false,
    }
}

fn has(scope: Scope, call: &Call<Runtime>) -> bool {
    match scope {
        Scope::Node => for_anyone(call) || is_report(call) || matches!(call, Call::commit { .. }),
        Scope::Coordinator => for_anyone(call) || is_report(call) || coordinates(call),
        Scope::Attester => is_report(call) || matches!(call, Call::attest { .. }),
        Scope::Frozen => false,
    }
}

/// What anyone may do for a round, and pays nobody but whom it is due to.
fn for_anyone(call: &Call<Runtime>) -> bool {
    matches!(
        call,
        Call::abort { .. }
            | Call::apply_leaf { .. }
            | Call::claim { .. }
            | Call::execute_slash { .. }
            | Call::expire { .. }
            | Call::lapse { .. }
            | Call::prune { .. }
            | Call::seal { .. }
    )
}

/// Reports put nothing on hold: one that does not hold costs its fee.
fn is_report(call: &Call<Runtime>) -> bool {
    matches!(
        call,
        Call::report_bad_root { .. }
            | Call::report_equivocation { .. }
            | Call::report_misconduct { .. }
            | Call::report_mismatch { .. }
            | Call::report_wrong_verdict { .. }
    )
}

/// What a run sends for its coordinator. The bond is at risk by it, as by what it signs.
fn coordinates(call: &Call<Runtime>) -> bool {
    matches!(
        call,
        Call::commit_batch { .. }
            | Call::open_round { .. }
            | Call::pause { .. }
            | Call::settle { .. }
            | Call::settle_root { .. }
            | Call::skip_round { .. }
    )
}

/// What one account may do in the name of another: anything, or the calls of a scope.
#[allow(clippy::as_conversions, reason = "SCALE's derive casts variant indices")]
mod kind {
    use super::*;

    /// What one account may do in the name of another: anything, or the calls of a scope.
    #[derive(
        Clone,
        Copy,
        Default,
        PartialEq,
        Eq,
        PartialOrd,
        Ord,
        Debug,
        Encode,
        Decode,
        DecodeWithMemTracking,
        MaxEncodedLen,
        TypeInfo,
    )]
    pub enum ProxyType {
        /// Anything: an owner.
        #[default]
        Any,
        /// As [`Scope::Node`].
        Node,
        /// As [`Scope::Coordinator`].
        Coordinator,
        /// As [`Scope::Attester`].
        Attester,
    }
}
pub use kind::ProxyType;

impl InstanceFilter<RuntimeCall> for ProxyType {
    fn filter(&self, call: &RuntimeCall) -> bool {
        match self {
            Self::Any => true,
            Self::Node => allows(Scope::Node, call),
            Self::Coordinator => allows(Scope::Coordinator, call),
            Self::Attester => allows(Scope::Attester, call),
        }
    }

    fn is_superset(&self, other: &Self) -> bool {
        *self == Self::Any || self == other
    }
}
