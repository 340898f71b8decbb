using KeyMeld.Enclave.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Enclave.Signing;

/// <summary>
/// The signing requests of this boot by D. An entry is only touched by whoever holds the gate of its D, so that of two equal calls one computes and the other
/// finds the answer. Entries stay until their request has expired: after that the time rule refuses whatever would ask for them.
/// </summary>
internal sealed class SigningTable : IDisposable
{
    // The enclave's clock may be set back a little; a minute is more than it tolerates.
    private const long GraceMs = 60_000;
    private const int AnswersAtOnce = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<Hash32, SigningEntry> _entries = [];
    private readonly KeyedGates<Hash32> _gates = new();
    private readonly MemoryBudget _budget;

    public SigningTable(MemoryBudget budget)
    {
        _budget = budget;
        budget.AddRelief(Relief.Recomputable, () => GiveUp(entry => entry.Answers?.Prepared is not null, entry => entry.Answers?.DropPrepared()));
        budget.AddRelief(Relief.Answers, () => GiveUp(entry => entry.State is AttemptState.Answered, entry => entry.Apply(new AttemptCommand.Burn())));
    }

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <summary>Waits for the request and holds it until the result is disposed.</summary>
    public Task<IDisposable> EnterAsync(Hash32 request, CancellationToken cancellation) => _gates.EnterAsync(request, cancellation);

    public SigningEntry? Find(Hash32 request)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(request);
        }
    }

    /// <summary>Remembers a verified request. The memory for that is taken before anybody looks at its votes, so that a reject is never forgotten for lack of it.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException"><c>busy</c>.</exception>
    public SigningEntry Add(Signed<SigningRequest> request, Signed<Manifest> manifest)
    {
        var entry = new SigningEntry(request, manifest, _budget.Reserve(SigningEntry.Weight));
        lock (_lock)
        {
            _entries.Add(entry.Digest, entry);
        }
        return entry;
    }

    public void Remove(SigningEntry entry)
    {
        lock (_lock)
        {
            _entries.Remove(entry.Digest);
        }
        entry.Dispose();
    }

    /// <summary>Wipes the nonces and answers of some requests; that they were there stays known.</summary>
    public async Task BurnAsync(Func<SigningEntry, bool> which, CancellationToken cancellation)
    {
        foreach (var digest in Where(which))
        {
            using var gate = await EnterAsync(digest, cancellation);
            if (Find(digest) is { } entry && which(entry))
            {
                entry.Apply(new AttemptCommand.Burn());
            }
        }
    }

    /// <summary>Wipes and forgets what has expired. What is in use just now is left for the next time.</summary>
    public void Sweep(long nowMs)
    {
        foreach (var digest in Where(entry => IsOver(entry, nowMs)))
        {
            if (_gates.TryEnter(digest, out var gate))
            {
                using (gate)
                {
                    if (Find(digest) is { } entry && IsOver(entry, nowMs))
                    {
                        Remove(entry);
                    }
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var digest in Where(_ => true))
        {
            if (Find(digest) is { } entry)
            {
                Remove(entry);
            }
        }
    }

    private static bool IsOver(SigningEntry entry, long nowMs) => nowMs > entry.Request.Expires + GraceMs;

    private List<Hash32> Where(Func<SigningEntry, bool> which)
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(which).Select(entry => entry.Digest)];
        }
    }

    // Never waits for a gate: whoever asks for memory may hold one.
    private bool GiveUp(Func<SigningEntry, bool> which, Action<SigningEntry> act)
    {
        var freed = 0;
        foreach (var digest in Where(which))
        {
            if (freed == AnswersAtOnce)
            {
                break;
            }
            if (_gates.TryEnter(digest, out var gate))
            {
                using (gate)
                {
                    if (Find(digest) is { } entry && which(entry))
                    {
                        act(entry);
                        freed++;
                    }
                }
            }
        }
        return freed > 0;
    }
}
