using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keygen;

/// <summary>A group as the database has it, its statements parsed and verified again. Immutable: a change makes another.</summary>
internal sealed class GroupView
{
    private readonly GroupRecord _record;
    private readonly Lazy<ImmutableArray<UntrustedBundle>> _bundles;
    private readonly Lazy<ApprovalRule> _rule;

    private GroupView(GroupRecord record, Signed<Manifest> manifest, ImmutableArray<PublicRegistration?> members)
    {
        _record = record;
        Manifest = manifest;
        Members = members;
        _bundles = new(() => [.. Enumerable.Range(0, manifest.Value.Enclaves.Count).Select(MakeBundle)]);
        _rule = new(() => ApprovalRule.Of(manifest.Value, [.. members.Select(member => member ?? throw new InvalidOperationException("The group is not complete."))]));
    }

    public Hash32 Hash => _record.Hash;

    public GroupState State => _record.State;

    public Signed<Manifest> Manifest { get; }

    /// <summary>By place; null where nobody has joined.</summary>
    public ImmutableArray<PublicRegistration?> Members { get; }

    public int Accepted => _record.Registrations.Length;

    /// <summary>Who must approve; of a complete group only.</summary>
    public ApprovalRule Rule => _rule.Value;

    public bool IsComplete => Members.All(member => member is not null);

    public GroupRecord Record => _record;

    /// <summary>How many members have no envelope here: those at home, and those who erased theirs.</summary>
    public int WithoutEnvelope => _record.Registrations.Count(row => row.Envelope is null);

    /// <exception cref="KeyMeldException">storage_failed: what is stored is not what was accepted.</exception>
    public static GroupView Load(GroupRecord record)
    {
        try
        {
            var manifest = Signed.ParseManifest((record.Manifest ?? throw new UnreadableRowException("The manifest is missing.")).ToSigned());
            if (manifest.Digest != record.Hash || record.SessionSecrets.Length != manifest.Value.Enclaves.Count || record.Terms is null)
            {
                throw new UnreadableRowException("Manifest, terms and session secrets do not belong together.");
            }
            var members = new PublicRegistration?[manifest.Value.Participants.Count];
            foreach (var row in record.Registrations)
            {
                var member = PublicRegistration.Verify(manifest, (row.Statement ?? throw new UnreadableRowException("A registration is missing.")).ToSigned());
                members[member.Index] = member.Index == row.Participant && member.Statement.Hash == row.StatementHash ? member
                    : throw new UnreadableRowException("A registration is in another place.");
            }
            return new GroupView(record, manifest, [.. members]);
        }
        catch (Exception exception) when (exception is UnreadableRowException or KeyMeldException)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"Group {record.Hash} cannot be read from the database.", exception);
        }
    }

    /// <summary>Place of a user, null where the manifest has none.</summary>
    public int? PlaceOf(Id16 user)
    {
        for (var place = 0; place < Manifest.Value.Participants.Count; place++)
        {
            if (Manifest.Value.Participants[place].User == user)
            {
                return place;
            }
        }
        return null;
    }

    /// <summary>The authorisation key of a place, null as long as nobody has joined there.</summary>
    public XOnlyPublicKey? AuthOf(int place) => place < Members.Length ? Members[place]?.Value.Auth : null;

    /// <summary>Whether this place's sealed secret was erased.</summary>
    public bool IsErased(int place) => Manifest.Value.Participants[place].Enclave is not null && RowOf(place)?.Envelope is null;

    public StoredRegistration? RowOf(int place) => _record.Registrations.FirstOrDefault(row => row.Participant == place);

    /// <summary>What one enclave, by its index in the manifest, needs of the group.</summary>
    public UntrustedKeygen KeygenOf(int enclave) => new()
    {
        Manifest = _record.Manifest!.ToWire(),
        Terms = UnsafeByteOperations.UnsafeWrap(_record.Terms),
        SessionSecret = UnsafeByteOperations.UnsafeWrap(_record.SessionSecrets[enclave]),
    };

    /// <summary>The complete group with the envelopes one enclave hosts. Shared between calls: not to be changed.</summary>
    public UntrustedBundle BundleOf(int enclave) => _bundles.Value[enclave];

    private UntrustedBundle MakeBundle(int enclave)
    {
        var bundle = new UntrustedBundle { Keygen = KeygenOf(enclave) };
        foreach (var row in _record.Registrations)
        {
            bundle.Registrations.Add(row.Statement!.ToWire());
            if (Manifest.Value.Participants[row.Participant].Enclave == enclave && row.Envelope is { } envelope)
            {
                bundle.Envelopes.Add(new Envelope { Participant = (uint)row.Participant, Sealed = UnsafeByteOperations.UnsafeWrap(envelope) });
            }
        }
        return bundle;
    }
}
