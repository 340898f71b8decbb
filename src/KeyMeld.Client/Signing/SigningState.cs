namespace KeyMeld.Client;

/// <summary>Where the gateway says a signing stands. Only results are proof.</summary>
public enum SigningState
{
    /// <summary>Approvals are missing.</summary>
    Waiting,

    /// <summary>The enclaves are at it.</summary>
    Running,

    /// <summary>There is a result; single items of it may have failed.</summary>
    Completed,

    /// <summary>It failed; the error says why.</summary>
    Failed,

    /// <summary>The request's time ran out.</summary>
    Expired,

    /// <summary>The requester cancelled it.</summary>
    Cancelled,

    /// <summary>A member rejected it.</summary>
    Rejected,
}
