using KeyMeld.Protocol.Ids;

namespace KeyMeld.Client;

/// <summary>Where the gateway says a group stands.</summary>
public enum GroupState
{
    /// <summary>Places are still free.</summary>
    Joining,

    /// <summary>All joined and the enclaves gave their receipts; only a <see cref="Group"/> is verified.</summary>
    Formed,

    /// <summary>It will not form; the error says why.</summary>
    Failed,

    /// <summary>The time to join ran out.</summary>
    Expired,

    /// <summary>It was erased.</summary>
    Erased,
}

/// <summary>How far the forming of a group is. The state is the gateway's word; the places taken are verified registrations' slots only once the group is formed.</summary>
/// <param name="Group">Manifest hash.</param>
/// <param name="State">The state.</param>
/// <param name="Taken">For each place whether somebody registered in it.</param>
/// <param name="Error">Stable code, where it failed.</param>
public sealed record GroupStatus(Hash32 Group, GroupState State, IReadOnlyList<bool> Taken, string? Error)
{
    /// <summary>How many places are taken.</summary>
    public int Joined => Taken.Count(taken => taken);
}
