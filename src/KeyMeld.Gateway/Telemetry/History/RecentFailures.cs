using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Telemetry.History;

/// <summary>What kind of object failed.</summary>
internal enum FailureOf
{
    Signing,
    Group,
    Enclave,

    /// <summary>An HTTP call that was answered with 5xx.</summary>
    Call,
}

/// <param name="At">When.</param>
/// <param name="Of">What kind of object.</param>
/// <param name="Code">From the table of error codes, which has the advice.</param>
/// <param name="Step">Where a signing stood; null otherwise.</param>
/// <param name="Enclave">Number of the enclave it is about, where it is about one.</param>
/// <param name="Id">Of the signing or group: a hash, by which the database knows it too. Never anything that is in it.</param>
internal sealed record RecentFailure(DateTimeOffset At, FailureOf Of, string Code, SigningStep? Step, uint? Enclave, Hash32? Id = null);

/// <summary>The newest failures, in memory.</summary>
internal sealed class RecentFailures
{
    /// <summary>How many are kept.</summary>
    public const int Kept = 200;

    private readonly Lock _gate = new();
    private readonly Queue<RecentFailure> _failures = new(Kept);

    public void Add(RecentFailure failure)
    {
        lock (_gate)
        {
            if (_failures.Count == Kept)
            {
                _failures.Dequeue();
            }
            _failures.Enqueue(failure);
        }
    }

    /// <summary>Newest first.</summary>
    public ImmutableArray<RecentFailure> Read()
    {
        lock (_gate)
        {
            return [.. _failures.Reverse()];
        }
    }
}
