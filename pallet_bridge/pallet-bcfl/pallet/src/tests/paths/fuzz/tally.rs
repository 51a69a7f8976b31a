// SPDX-License-Identifier: Apache-2.0

use std::{collections::BTreeMap, fmt};

use scale_info::{TypeDef, TypeInfo};
use sp_runtime::{DispatchError, ModuleError};

use crate::{mock::*, *};

/// What became of the calls: how often each succeeded, or failed with which error.
#[derive(Default)]
pub struct Tally {
    counts: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

impl Tally {
    pub fn note<T>(&mut self, call: &'static str, answer: Result<T, DispatchError>) {
        let outcome = match answer {
            Ok(_) => "ok".to_owned(),
            Err(DispatchError::Module(ModuleError { message: Some(name), .. })) => name.to_owned(),
            Err(other) => format!("{other:?}"),
        };
        *self.counts.entry(call).or_default().entry(outcome).or_default() += 1;
    }

    pub fn calls(&self) -> u64 {
        self.counts.values().flat_map(BTreeMap::values).sum()
    }

    pub fn has_seen(&self, outcome: &str) -> bool {
        self.counts.values().any(|outcomes| outcomes.contains_key(outcome))
    }

    /// Errors of the pallet that no call met, besides the one that none can meet.
    pub fn unseen(&self) -> Vec<&'static str> {
        let TypeDef::Variant(errors) = Error::<Test>::type_info().type_def else {
            panic!("errors are variants");
        };
        let names = errors.variants.into_iter().map(|variant| variant.name);
        names.filter(|name| *name != "Defensive" && !self.has_seen(name)).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (call, outcomes) in &self.counts {
            let all: u64 = outcomes.values().sum();
            let ok = outcomes.get("ok").copied().unwrap_or_default();
            write!(out, "{call}\t{all}\tok {ok}")?;
            for (name, count) in outcomes.iter().filter(|(name, _)| *name != "ok") {
                write!(out, "\t{name} {count}")?;
            }
            writeln!(out)?;
        }
        writeln!(out, "{} calls; errors not met: {:?}", self.calls(), self.unseen())
    }
}
