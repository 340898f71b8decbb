// protocol.md section 5, everything an enclave and every client check of a registration: alone, and against all that were accepted before it.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>Admits registrations into one group, one after the other, in any order. Not for several threads at once.</summary>
public sealed class RegistrationVerifier
{
    private readonly Signed<Manifest> _manifest;
    private readonly SessionCipher _cipher;
    private readonly RosterMember?[] _members;

    // Creator, admission, authorisation and member keys, pairwise distinct as x-only keys. The manifest has checked its own.
    private readonly HashSet<XOnlyPublicKey> _keys;

    /// <summary>A group nobody has joined.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="secret">The session secret, needed as long as this is used.</param>
    public RegistrationVerifier(Signed<Manifest> manifest, SessionSecret secret)
    {
        _manifest = manifest;
        _cipher = new SessionCipher(secret, manifest.Digest);
        _members = new RosterMember?[manifest.Value.Participants.Count];
        _keys = [manifest.Value.Creator, .. manifest.Value.Participants.Select(participant => participant.Admission)];
    }

    /// <summary>Members by place; null where nobody was admitted.</summary>
    public IReadOnlyList<RosterMember?> Members => _members;

    /// <summary>Verifies a registration and admits it. A refused one changes nothing.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>registration_invalid</c>, <c>slot_taken</c>, <c>pop_invalid</c>, <c>key_reused</c>.</exception>
    public RosterMember Admit(SignedStatement statement)
    {
        var registration = PublicRegistration.Verify(_manifest, statement);
        if (_members[registration.Index] is not null)
        {
            throw new KeyMeldException(ErrorCodes.SlotTaken, $"Place {registration.Index} is taken already.");
        }
        var binding = MemberBinding.Of(registration.Place, registration.Value);
        var key = MemberKeyPlaintext.Open(_cipher, binding, registration.Value.MemberKey.Span);
        var auth = registration.Value.Auth;
        var member = key.Key.ToXOnly();
        if (auth.Equals(member) || _keys.Contains(auth) || _keys.Contains(member))
        {
            throw new KeyMeldException(ErrorCodes.KeyReused, $"The registration of place {registration.Index} uses a key that has another role in this group.");
        }
        _keys.Add(auth);
        _keys.Add(member);
        return _members[registration.Index] = new RosterMember(registration, binding, key);
    }

    /// <summary>Refuses joining after <c>join_by</c>. Checked when somebody joins, never when a bundle is loaded.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="nowMs">The receiver's own time, Unix milliseconds.</param>
    /// <exception cref="KeyMeldException"><c>join_closed</c>.</exception>
    public static void CheckJoinBy(Manifest manifest, long nowMs)
    {
        if (manifest.JoinBy is { } joinBy && nowMs > joinBy)
        {
            throw new KeyMeldException(ErrorCodes.JoinClosed, "The time to join this group is over.");
        }
    }
}
