using System.Collections.Immutable;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Enclave.Identity;

/// <summary>Holds the state of the key and the secrets that go with it. Whoever uses a key asks here; only the sealing changes it.</summary>
public sealed class KeyKeeper
{
    private readonly Lock _gate = new();
    private Keyring? _keyring;
    private EpochIdentity? _pending;

    public KeyState State
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }
        private set;
    } = new KeyState.Unconfigured();

    /// <summary>The keyring, from the moment the enclave is ready until the process ends.</summary>
    /// <exception cref="KeyMeldException"><c>enclave_locked</c>; the message has the reason.</exception>
    public Keyring Current => Volatile.Read(ref _keyring) ?? throw new KeyMeldException(ErrorCodes.EnclaveLocked, Explain(State));

    /// <summary>The keyring, or null while locked.</summary>
    public Keyring? CurrentOrNull => Volatile.Read(ref _keyring);

    /// <summary>A keeper that is ready, as after a Configure: for whoever builds on it.</summary>
    internal static KeyKeeper Holding(uint enclaveId, params EpochIdentity[] identities)
    {
        var keeper = new KeyKeeper();
        keeper.Apply(new KeyEvent.Numbered(enclaveId));
        keeper.Open(identities);
        return keeper;
    }

    /// <summary>The secrets of the pending record, if this is it. They stay the keeper's until <see cref="Open"/> takes them over.</summary>
    internal EpochIdentity? FindPending(SealedRecord record)
    {
        lock (_gate)
        {
            return State is KeyState.Pending pending && pending.Record == record ? _pending : null;
        }
    }

    /// <exception cref="KeyMeldException">The event has no place in this state, which stays as it is.</exception>
    internal KeyState Apply(KeyEvent happened)
    {
        lock (_gate)
        {
            return State = Next(happened);
        }
    }

    /// <summary>Adds identities to the keyring and publishes it. Owned from here on; disposed when they are not taken.</summary>
    /// <exception cref="KeyMeldException">An epoch has another key already.</exception>
    internal KeyState Open(IReadOnlyCollection<EpochIdentity> opened)
    {
        lock (_gate)
        {
            try
            {
                var identities = (_keyring?.All ?? []).Concat(opened.Where(identity => _keyring?.TryFind(identity.Key, out _) is not true)).ToList();
                if (identities.DistinctBy(identity => identity.Epoch).Count() != identities.Count)
                {
                    throw new KeyMeldException(ErrorCodes.SealedKeyCorrupt, "Two rows hold different keys for one epoch.");
                }
                var next = Next(new KeyEvent.Opened(identities.ToImmutableSortedDictionary(identity => identity.Epoch, identity => identity.Key)));
                Volatile.Write(ref _keyring, new Keyring(KeyTransition.NumberOf(next)!.Value, identities));
                if (_pending is { } made && next is not KeyState.Pending)
                {
                    // Forgotten first, so that it is wiped where another key took its place.
                    _pending = null;
                    DisposeUnlessUsed(made);
                }
                return State = next;
            }
            catch
            {
                foreach (var identity in opened)
                {
                    DisposeUnlessUsed(identity);
                }
                throw;
            }
        }
    }

    /// <summary>Keeps a new key until its record comes back.</summary>
    /// <exception cref="KeyMeldException">There is no place for it.</exception>
    internal void Keep(SealedRecord record, EpochIdentity identity)
    {
        lock (_gate)
        {
            State = Next(new KeyEvent.GenesisDone(record));
            _pending = identity;
        }
    }

    private static string Explain(KeyState state) => state switch
    {
        KeyState.Locked locked => $"The enclave is locked ({locked.Reason.Code}): {locked.Reason.Detail}",
        KeyState.Pending { Before: KeyState.Locked } => "The enclave's first key is made and waits to be stored.",
        _ => "The enclave has not been configured yet.",
    };

    private KeyState Next(KeyEvent happened) => KeyTransition.Apply(State, happened) switch
    {
        KeyOutcome.Next(var state) => state,
        KeyOutcome.Rejected(var code, var detail) => throw new KeyMeldException(code, detail),
        var other => throw new InvalidOperationException(other.ToString()),
    };

    private void DisposeUnlessUsed(EpochIdentity identity)
    {
        if (_keyring?.All.Contains(identity) is not true && _pending != identity)
        {
            identity.Dispose();
        }
    }
}
