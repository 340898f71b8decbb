using KeyMeld.Protocol.Errors;
using static KeyMeld.Enclave.Identity.KeyEvent;
using static KeyMeld.Enclave.Identity.KeyState;

namespace KeyMeld.Enclave.Identity;

/// <summary>The one transition function of <see cref="KeyState"/>: pure, and total over states and events.</summary>
public static class KeyTransition
{
    /// <summary>What a first Configure shows until its rows are open.</summary>
    public static readonly LockReason Opening = new(ErrorCodes.Unavailable, "The sealed keys are being opened.");

    public static KeyOutcome Apply(KeyState state, KeyEvent happened) => (state, happened) switch
    {
        (Unconfigured, Numbered numbered) => new KeyOutcome.Next(new Locked(numbered.EnclaveId, Opening)),
        (_, Numbered numbered) => numbered.EnclaveId == NumberOf(state)
            ? new KeyOutcome.Next(state)
            : Reject(ErrorCodes.EnclaveConfigured, $"This enclave is number {NumberOf(state)} until it restarts."),
        (Unconfigured, _) => Reject(ErrorCodes.EnclaveLocked, "The enclave has not been configured yet."),

        // A ready enclave needs its rows no more: what is wrong with them is for its caller to hear, not a reason to stop.
        (Locked locked, Refused refused) => new KeyOutcome.Next(locked with { Reason = refused.Reason }),
        (Ready, Refused) => new KeyOutcome.Next(state),
        (Pending { Before: Locked locked } pending, Refused refused) => new KeyOutcome.Next(pending with { Before = locked with { Reason = refused.Reason } }),
        (Pending, Refused) => new KeyOutcome.Next(state),

        (_, Opened { Keys.IsEmpty: true }) => Reject(ErrorCodes.SealedKeyMissing, "No key was opened."),
        (Locked locked, Opened opened) => new KeyOutcome.Next(new Ready(locked.EnclaveId, opened.Keys)),
        (Ready ready, Opened opened) => Widen(ready, opened),
        (Pending pending, Opened opened) => opened.Keys.ContainsKey(pending.Record.Epoch)
            ? Apply(pending.Before, opened)
            : Apply(pending.Before, opened) is KeyOutcome.Next(var before) ? new KeyOutcome.Next(pending with { Before = before }) : Conflict,

        (Locked locked, GenesisAsked asked) => AskFirst(locked, asked),
        (Ready ready, GenesisAsked asked) => asked.Epoch == ready.Keys.Keys.Max() + 1
            ? new KeyOutcome.Next(state)
            : Reject(ErrorCodes.SealedKeyExists, $"The newest epoch is {ready.Keys.Keys.Max()}; only the next one can be made."),
        (Pending pending, GenesisAsked asked) => asked.Epoch == pending.Record.Epoch
            ? new KeyOutcome.Next(state)
            : Reject(ErrorCodes.SealedKeyExists, $"The key of epoch {pending.Record.Epoch} is made and waits to be stored."),

        (Locked or Ready, GenesisDone done) => Apply(state, new GenesisAsked(done.Record.Epoch)) is KeyOutcome.Next
            ? new KeyOutcome.Next(new Pending(done.Record, state))
            : Conflict,
        (Pending pending, GenesisDone done) => pending.Record == done.Record ? new KeyOutcome.Next(state) : Conflict,
        _ => Conflict,
    };

    /// <summary>The number the enclave goes by, once it has one.</summary>
    public static uint? NumberOf(KeyState state) => state switch
    {
        Locked locked => locked.EnclaveId,
        Ready ready => ready.EnclaveId,
        Pending pending => NumberOf(pending.Before),
        _ => null,
    };

    private static KeyOutcome.Rejected Conflict { get; } = Reject(ErrorCodes.SealedKeyCorrupt, "A row holds another key than the one this enclave already uses for that epoch.");

    // Only where the gateway could read its rows and has none: every other reason means that there may be a key already.
    private static KeyOutcome AskFirst(Locked locked, GenesisAsked asked) => (locked.Reason.Code, asked.Epoch) switch
    {
        (ErrorCodes.SealedKeyMissing, 1) => new KeyOutcome.Next(locked),
        (ErrorCodes.SealedKeyMissing, _) => Reject(ErrorCodes.SealedKeyMissing, "The first key of an enclave has epoch 1."),
        _ => Reject(locked.Reason.Code, $"There may be a key already: none is made in its place. {locked.Reason.Detail}"),
    };

    private static KeyOutcome Widen(Ready ready, Opened opened)
    {
        foreach (var (epoch, key) in ready.Keys)
        {
            if (!opened.Keys.TryGetValue(epoch, out var same) || !same.Equals(key))
            {
                return Conflict;
            }
        }
        return new KeyOutcome.Next(ready with { Keys = opened.Keys });
    }

    private static KeyOutcome.Rejected Reject(string code, string detail) => new KeyOutcome.Rejected(code, detail);
}
