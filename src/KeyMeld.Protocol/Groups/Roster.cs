// protocol.md section 5: the complete, verified set of registrations, and the keys it makes. Enclave and client compute it by the same code.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>A formed group, verified whole. Immutable, holds no secret, usable from all threads.</summary>
public sealed class Roster
{
    private readonly GroupKeys _keys;

    private Roster(Signed<Manifest> manifest, Terms terms, RosterMember[] members, SessionSecret secret)
    {
        Manifest = manifest;
        Terms = terms;
        Members = members;
        RosterHash = Groups.RosterHash.Of(manifest.Digest, [.. members.Select(member => member.Registration.Statement.Hash)]);
        _keys = new GroupKeys(manifest.Value, terms, [.. members.Select(member => member.Key)]);
        OutputKeysHash = HashOutputKeys(secret, OutputKeys);
    }

    /// <summary>The manifest.</summary>
    public Signed<Manifest> Manifest { get; }

    /// <summary>Its hash, which names the group.</summary>
    public Hash32 ManifestHash => Manifest.Digest;

    /// <summary>The terms the manifest commits to.</summary>
    public Terms Terms { get; }

    /// <summary>All participants, in manifest order.</summary>
    public IReadOnlyList<RosterMember> Members { get; }

    /// <summary>ρ.</summary>
    public Hash32 RosterHash { get; }

    /// <summary>The first 20 bytes of ρ, 40 hex digits, for people to compare.</summary>
    public string Fingerprint => Groups.RosterHash.Fingerprint(RosterHash);

    /// <summary>x-only keys after the terms' chains: the group's, then each subset's in manifest order.</summary>
    public IReadOnlyList<XOnlyPublicKey> OutputKeys => _keys.OutputKeys;

    /// <summary>K.</summary>
    public Hash32 OutputKeysHash { get; }

    /// <summary>Verifies a formed group from what the gateway hands over.</summary>
    /// <param name="manifest">The manifest, verified.</param>
    /// <param name="terms">The encrypted terms.</param>
    /// <param name="secret">The session secret; not kept.</param>
    /// <param name="registrations">All of them, in manifest order.</param>
    /// <exception cref="KeyMeldException">What is wrong: <c>terms_mismatch</c>, <c>registration_invalid</c>, <c>pop_invalid</c>, <c>key_reused</c>, <c>slot_taken</c>, <c>group_not_formed</c>, …</exception>
    public static Roster Verify(Signed<Manifest> manifest, ReadOnlySpan<byte> terms, SessionSecret secret, IReadOnlyList<SignedStatement> registrations)
    {
        var opened = TermsEnvelope.Open(manifest, secret, terms);
        var count = manifest.Value.Participants.Count;
        if (registrations.Count != count)
        {
            throw new KeyMeldException(ErrorCodes.GroupNotFormed, $"There are {registrations.Count} registrations for {count} places.");
        }
        var verifier = new RegistrationVerifier(manifest, secret);
        var members = new RosterMember[count];
        for (var i = 0; i < count; i++)
        {
            members[i] = verifier.Admit(registrations[i]);
            if (members[i].Index != i)
            {
                throw new KeyMeldException(ErrorCodes.RegistrationInvalid, "The registrations are not in the order of the manifest.");
            }
        }
        return new Roster(manifest, opened, members, secret);
    }

    /// <summary>Who signs: the members of a subset, or all.</summary>
    /// <exception cref="KeyMeldException"><c>items_invalid</c>: no such subset.</exception>
    public IReadOnlyList<int> SignersOf(Id16? subset) => _keys.SignersOf(subset);

    /// <summary>The effective chain of an item: its own, else the terms' for its subset, else the group's.</summary>
    /// <exception cref="KeyMeldException"><c>items_invalid</c>: no such subset.</exception>
    public TweakChain ChainOf(Id16? subset, TweakChain? tweaks) => _keys.ChainOf(subset, tweaks);

    /// <summary>The aggregate key an item is signed with, after its effective chain.</summary>
    /// <param name="subset">Null is the whole group.</param>
    /// <param name="tweaks">The item's own chain; null takes that of the terms.</param>
    /// <exception cref="KeyMeldException"><c>items_invalid</c>: no such subset, or a tweak that leads to no key.</exception>
    public KeyAggregation KeysOf(Id16? subset, TweakChain? tweaks) => _keys.Of(subset, tweaks);

    /// <summary>The member with this user id.</summary>
    public RosterMember? Find(Id16 user) => Members.FirstOrDefault(member => member.User == user);

    private static Hash32 HashOutputKeys(SessionSecret secret, IReadOnlyList<XOnlyPublicKey> keys)
    {
        var encoder = new CborEncoder().Array(keys.Count);
        foreach (var key in keys)
        {
            encoder.Bytes(key.Bytes);
        }
        return secret.Commit("output-keys", encoder.Written);
    }
}
