namespace KeyMeld.Gateway.Telemetry.History;

/// <summary>What is counted in each part of the last hour.</summary>
internal enum HistoryCount
{
    SigningsCompleted,
    SigningsFailed,
    SigningsExpired,
    SigningsRejected,
    SigningsCancelled,
    GroupsFormed,
    GroupsFailed,
    MembersJoined,

    /// <summary>Signatures with keys of one owner.</summary>
    KeySignatures,

    /// <summary>HTTP calls that were answered with 5xx.</summary>
    Faults,

    /// <summary>HTTP calls that were refused as too many.</summary>
    RateLimited,

    /// <summary>Calls that an enclave refused or did not answer.</summary>
    EnclaveRefusals,
}
