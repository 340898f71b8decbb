using KeyMeld.Protocol.Errors;

namespace KeyMeld.Enclave.Groups;

/// <summary>
/// One byte budget (limits.memory_bytes) for everything held on behalf of others: loaded groups, nonces, stored answers, work in progress. When it runs out,
/// what can be had again is given up, cheapest first; what cannot stays, and the caller is told <c>busy</c>.
/// </summary>
public sealed class MemoryBudget(long limit)
{
    private readonly Lock _lock = new();
    private readonly SortedList<Relief, Func<bool>> _reliefs = [];
    private long _used;

    /// <summary>Bytes reserved at present.</summary>
    public long Used
    {
        get
        {
            lock (_lock)
            {
                return _used;
            }
        }
    }

    public long Limit { get; } = limit;

    /// <summary>Registers a way to make room, before the first reservation: it gives up something and says whether it did.</summary>
    public void AddRelief(Relief kind, Func<bool> giveUpSome) => _reliefs.Add(kind, giveUpSome);

    /// <summary>Takes bytes out of the budget until the reservation is disposed. Call it without holding a lock that a relief needs.</summary>
    /// <exception cref="KeyMeldException"><c>busy</c>: nothing more can be given up; <c>limit_exceeded</c>: it would not fit into an empty enclave.</exception>
    public MemoryReservation Reserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes > Limit)
        {
            throw new KeyMeldException(ErrorCodes.LimitExceeded, $"This needs {bytes} bytes of the enclave's memory, more than its limit of {Limit}; split the batch.");
        }
        while (!TryTake(bytes))
        {
            if (!_reliefs.Values.Any(giveUpSome => giveUpSome()))
            {
                throw new KeyMeldException(ErrorCodes.Busy, "The enclave's memory is taken up by open signings; repeat later.");
            }
        }
        return new MemoryReservation(this, bytes);
    }

    /// <summary>Takes bytes if they are free, without making room.</summary>
    public MemoryReservation? TryReserve(long bytes) => TryTake(bytes) ? new MemoryReservation(this, bytes) : null;

    internal void Return(long bytes)
    {
        lock (_lock)
        {
            _used -= bytes;
        }
    }

    private bool TryTake(long bytes)
    {
        lock (_lock)
        {
            if (_used + bytes > Limit)
            {
                return false;
            }
            _used += bytes;
            return true;
        }
    }
}

/// <summary>What is given up when memory is short, in this order.</summary>
public enum Relief
{
    /// <summary>Work that would have to be done again.</summary>
    Recomputable,

    /// <summary>Single-signer keys, which every call brings along.</summary>
    Keys,

    /// <summary>Groups that the host can hand over again.</summary>
    Groups,

    /// <summary>Answers to calls that were answered: an equal call is refused from then on, and the host goes on with a higher attempt.</summary>
    Answers,
}

/// <summary>Bytes taken out of a <see cref="MemoryBudget"/>; disposing gives them back, once.</summary>
public sealed class MemoryReservation(MemoryBudget budget, long bytes) : IDisposable
{
    private long _bytes = bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    public void Dispose() => budget.Return(Interlocked.Exchange(ref _bytes, 0));
}
