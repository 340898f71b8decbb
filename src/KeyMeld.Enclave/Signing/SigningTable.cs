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
    // Whose work and whose answers could be given up, the oldest first: among very many, memory is found without looking at all of them.
    private readonly LinkedList<SigningEntry> _prepared = [];
    private readonly LinkedList<SigningEntry> _answered = [];
    private readonly MemoryBudget _budget;

    public SigningTable(MemoryBudget budget)
    {
        _budget = budget;
        budget.AddRelief(Relief.Recomputable, () => GiveUp(_prepared, entry => entry.Answers?.Prepared is not null, entry => entry.Answers?.DropPrepared()));
        budget.AddRelief(Relief.Answers, () => GiveUp(_answered, entry => entry.State is AttemptState.Answered, entry => entry.Apply(new AttemptCommand.Burn())));
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

    /// <summary>The request was answered: what is kept of that can be given up from now on.</summary>
    public void Answered(SigningEntry entry)
    {
        lock (_lock)
        {
            Last(_prepared, entry.PlaceOfWork);
            Last(_answered, entry.PlaceOfAnswers);
        }
    }

    public void Remove(SigningEntry entry)
    {
        lock (_lock)
        {
            _entries.Remove(entry.Digest);
            entry.PlaceOfWork.List?.Remove(entry.PlaceOfWork);
            entry.PlaceOfAnswers.List?.Remove(entry.PlaceOfAnswers);
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

    private static bool IsOver(SigningEntry entry, long nowMs) => nowMs > entry.Expires + GraceMs;

    private List<Hash32> Where(Func<SigningEntry, bool> which)
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(which).Select(entry => entry.Digest)];
        }
    }

    private static void Last(LinkedList<SigningEntry> queue, LinkedListNode<SigningEntry> place)
    {
        place.List?.Remove(place);
        queue.AddLast(place);
    }

    // Never waits for a gate: whoever asks for memory may hold one.
    private bool GiveUp(LinkedList<SigningEntry> queue, Func<SigningEntry, bool> which, Action<SigningEntry> act)
    {
        var freed = 0;
        List<LinkedListNode<SigningEntry>> busy = [];
        while (freed < AnswersAtOnce && TakeFirst(queue) is { } place)
        {
            if (!_gates.TryEnter(place.Value.Digest, out var gate))
            {
                busy.Add(place);
                continue;
            }
            using (gate)
            {
                if (which(place.Value))
                {
                    act(place.Value);
                    freed++;
                }
            }
        }
        lock (_lock)
        {
            busy.FindAll(place => _entries.GetValueOrDefault(place.Value.Digest) == place.Value).ForEach(place => Last(queue, place));
        }
        return freed > 0;
    }

    private LinkedListNode<SigningEntry>? TakeFirst(LinkedList<SigningEntry> queue)
    {
        lock (_lock)
        {
            var first = queue.First;
            if (first is not null)
            {
                queue.RemoveFirst();
            }
            return first;
        }
    }
}
