// SPDX-License-Identifier: Apache-2.0
//! What the node answers beside the methods that every Substrate node has.

use crate::{
    apis::Block,
    service::{Backend, Client, Pool},
};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sp_runtime::traits::{Block as BlockT, NumberFor};
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What finality leaves to be asked for.
pub struct Finality {
    pub authorities: SharedAuthoritySet<<Block as BlockT>::Hash, NumberFor<Block>>,
    pub voter: SharedVoterState,
    pub justifications: GrandpaJustificationStream<Block>,
    pub proofs: Arc<FinalityProofProvider<Backend, Block>>,
}

pub fn create(
    client: Arc<Client>,
    pool: Arc<Pool>,
    finality: &Finality,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn std::error::Error + Send + Sync>> {
    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool).into_rpc())?;
    module.merge(TransactionPayment::new(client).into_rpc())?;
    let grandpa = Grandpa::new(
        executor,
        finality.authorities.clone(),
        finality.voter.clone(),
        finality.justifications.clone(),
        finality.proofs.clone(),
    );
    module.merge(grandpa.into_rpc())?;
    Ok(module)
}
