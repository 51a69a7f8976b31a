// SPDX-License-Identifier: Apache-2.0
//! How proxies and scopes are set up.
use frame_support::traits::{ConstU128, ConstU32};
use sp_runtime::traits::BlakeTwo256;

use super::ProxyType;
use crate::{Balances, Runtime, RuntimeCall, RuntimeEvent, System, UNIT};

/// An owner acts for accounts whose keys lie on machines. The deposits pay for what is stored.
impl pallet_proxy::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type Currency = Balances;
    type ProxyType = ProxyType;
    type ProxyDepositBase = ConstU128<{ UNIT / 10 }>;
    type ProxyDepositFactor = ConstU128<{ UNIT / 100 }>;
    type MaxProxies = ConstU32<8>;
    type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
    type MaxPending = ConstU32<8>;
    type CallHasher = BlakeTwo256;
    type AnnouncementDepositBase = ConstU128<{ UNIT / 10 }>;
    type AnnouncementDepositFactor = ConstU128<{ UNIT / 100 }>;
    type BlockNumberProvider = System;
}

impl super::Config for Runtime {}
