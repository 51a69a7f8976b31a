// SPDX-License-Identifier: Apache-2.0
//! What is stored.
use frame_support::pallet_macros::pallet_section;

#[pallet_section]
mod storage {
    /// Id of the next federation.
    #[pallet::storage]
    pub type NextFederationId<T> = StorageValue<_, FederationId, ValueQuery>;

    /// The federations.
    // Twox64Concat: ids are counted up by the pallet, nobody chooses them.
    #[pallet::storage]
    pub type Federations<T: Config> = StorageMap<_, Twox64Concat, FederationId, Federation>;

    /// What each sponsor has paid in, until it is refunded.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Sponsors<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, Balance>;

    /// The terms of each federation, by version.
    // Twox64Concat: both keys are counted up by the pallet.
    #[pallet::storage]
    pub type FederationTerms<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Twox64Concat, TermsVersion, Terms>;

    /// The members of each federation.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Participants<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Blake2_128Concat,
        T::AccountId,
        Participant<T::MaxUnbonding>,
    >;

    /// The rounds of each federation.
    // Twox64Concat: both keys are counted up by the pallet.
    #[pallet::storage]
    pub type Rounds<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Twox64Concat, RoundId, Round>;

    /// The commitments of each round.
    // Twox64Concat for the counted ids; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Commitments<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, RoundId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        Commitment,
    >;

    /// Offences: at most one for a round and account, kept until the round is pruned.
    // Twox64Concat for the counted ids; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Offences<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, RoundId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        Offence,
    >;

    /// Those of each federation that may be drawn into committees.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Attesters<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, Attester>;

    /// The committee of each round.
    // Twox64Concat: both keys are counted up by the pallet.
    #[pallet::storage]
    pub type Committees<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Twox64Concat,
        RoundId,
        BoundedVec<Seat, T::MaxCommittee>,
    >;

    /// What members vote on.
    // Twox64Concat: both keys are counted up by the pallet.
    #[pallet::storage]
    pub type Motions<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Twox64Concat, ProposalId, Motion>;

    /// Votes on each proposal.
    // Twox64Concat for the counted ids; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Votes<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, ProposalId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        Vote,
    >;

    /// What outlives the leaving of a member: by organisation, or by account where it has none.
    // Twox64Concat for the counted id; Blake2_128Concat for the rest, which anyone can grind.
    #[pallet::storage]
    pub type Records<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, Subject, Record>;

    /// Accounts that may join.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Invitations<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, Invitation>;

    /// Number of members of each organisation.
    // Twox64Concat for the counted id; Blake2_128Concat for the name, which anyone can grind.
    #[pallet::storage]
    pub type Organisations<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Blake2_128Concat,
        Organisation,
        u32,
        ValueQuery,
    >;

    /// What coordinators have on hold.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Bonds<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, Bond>;

    /// Stake with which each organisation, or account without one, counts in each vote.
    // Twox64Concat for the counted ids; Blake2_128Concat for the rest, which anyone can grind.
    #[pallet::storage]
    pub type GroupVotes<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, FederationId>,
            NMapKey<Twox64Concat, ProposalId>,
            NMapKey<Blake2_128Concat, Subject>,
        ),
        Balance,
        ValueQuery,
    >;

    /// Who may take over a coordinator's place, in federations that name somebody.
    // Twox64Concat: ids are counted up by the pallet, nobody chooses them.
    #[pallet::storage]
    pub type Offices<T: Config> = StorageMap<_, Twox64Concat, FederationId, Office>;

    /// With which key each member's node authenticates itself off chain.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type NodeKeys<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FederationId, Blake2_128Concat, T::AccountId, NodeKey>;

    /// How many fees each federation paid today for those of its members that needed it.
    // Twox64Concat for the counted id; Blake2_128Concat for the account, which anyone can grind.
    #[pallet::storage]
    pub type Sponsorships<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        FederationId,
        Blake2_128Concat,
        T::AccountId,
        Sponsorship,
        ValueQuery,
    >;
}
