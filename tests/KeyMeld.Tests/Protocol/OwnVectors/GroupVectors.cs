using System.Text.Json.Nodes;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Protocol.Support;
using static KeyMeld.Tests.Protocol.OwnVectors.Pieces;

namespace KeyMeld.Tests.Protocol.OwnVectors;

/// <summary>Enclaves, manifest, registrations, roster, erase, invitations.</summary>
internal sealed class GroupVectors
{
    private readonly Story _story;
    private readonly SignedStatement[] _registrations = new SignedStatement[Story.Places];

    public GroupVectors(Story story)
    {
        _story = story;
        Enclaves = new JsonArray([.. Enumerable.Range(0, 2).Select(Enclave)]);
        (Manifest, var terms) = MakeManifest();
        Registrations = new JsonArray([.. Enumerable.Range(0, Story.Places).Select(Register)]);
        Roster = KeyMeld.Protocol.Groups.Roster.Verify(story.Manifest, terms, story.Secret, _registrations);
        RosterJson = DescribeRoster();
    }

    public Roster Roster { get; }

    public JsonArray Enclaves { get; }

    public JsonObject Manifest { get; }

    public JsonArray Registrations { get; }

    public JsonObject RosterJson { get; }

    public JsonArray Erase() =>
    [
        Statement("erase group", new Erase { Manifest = _story.Manifest.Digest, Created = Story.Created }, _story.Creator).Json,
        Statement("erase member", new Erase { Manifest = _story.Manifest.Digest, User = Story.Id("user 0"), Created = Story.Created }, _story.Auths[0]).Json,
    ];

    public JsonArray Invitations()
    {
        JsonObject Describe(int place, bool admission)
        {
            using var invitation = Invitation.Create("https://keymeld.example", _story.Manifest.Digest, Story.Id($"user {place}"), admission ? _story.Admissions[place] : null, _story.Secret);
            using var read = Invitation.Parse(invitation.Reveal());
            Assert.Equal(invitation.Reveal(), read.Reveal());
            var json = new JsonObject { ["gateway"] = invitation.Gateway, ["manifest"] = invitation.Manifest.ToString(), ["user"] = invitation.User.ToString() };
            if (admission)
            {
                json["admission"] = Secret(_story.Admissions[place]);
            }
            json["secret"] = Hex(_story.Secret.Span);
            json["text"] = invitation.Reveal();
            return json;
        }
        return [Describe(0, false), Describe(1, true)];
    }

    private JsonObject Enclave(int index)
    {
        const string Arn = "arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-4234-8234-123456789012";
        var identity = _story.Identities[index];
        var entry = _story.Manifest.Value.Enclaves[index];
        var document = new IdentityDocument
        {
            Mode = index == 0 ? EnclaveMode.Production : EnclaveMode.Development,
            Id = index,
            Keys = [new EpochKeys(entry.Epoch, entry.Key, entry.Sign)],
            Kms = Arn,
            Config = new Hash32(Story.Bytes("configuration")),
            Protocols = [1],
            Software = "0.1.0",
            Boot = Story.Id($"boot {index}"),
        };
        var bytes = document.Encode();
        var encryptedDataKey = Story.Bytes($"encrypted data key {index}");
        var aad = SealedKeyAad.Of(index, entry.Epoch, entry.Key, Arn, encryptedDataKey);
        using var secret = identity.Export();
        var row = Gcm($"sealed key {index}", Story.Bytes($"data key {index}"), aad, secret.Span.ToArray()).Json;
        row["kms_encrypted_dek"] = Hex(encryptedDataKey);
        var random = Story.Bytes($"kms random {index}");
        var context = KmsContext.Of(index, entry.Epoch, entry.Key);
        return new JsonObject
        {
            ["identity_secret"] = Secret(identity),
            ["identity_public"] = identity.PublicKey.ToString(),
            ["statement_secret"] = Secret(_story.Statements[index]),
            ["statement_public"] = _story.Statements[index].XOnlyPublicKey.ToString(),
            ["identity"] = Hex(bytes),
            ["user_data"] = IdentityDocument.UserData(bytes).ToString(),
            ["sealed_key"] = row,
            ["kms"] = new JsonObject
            {
                ["action"] = "Decrypt",
                ["arn"] = Arn,
                ["context"] = new JsonObject([.. context.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))]),
                ["random"] = Hex(random),
                ["user_data"] = KmsUserData.Of("Decrypt", Arn, context, random).ToString(),
            },
        };
    }

    private (JsonObject Json, byte[] Terms) MakeManifest()
    {
        var (statement, _) = Statement("manifest", _story.Manifest.Value, _story.Creator);
        var (minimal, _) = Statement("minimal manifest", Minimal(), _story.Creator);
        var (terms, wire) = Session("terms", _story.Cipher, Purposes.Terms, Aad.Terms(), _story.Terms);
        var secrets = Enumerable.Range(0, 2).Select(i => Hpke($"session secret {i}", _story.Identities[i], Purposes.SessionSecret, Aad.SessionSecret(_story.Manifest.Digest, i), _story.Secret.Span).Json);
        var json = new JsonObject
        {
            ["session_secret"] = Hex(_story.Secret.Span),
            ["terms_hash"] = TermsEnvelope.Commit(_story.Secret, _story.Terms).ToString(),
            ["statement"] = statement,
            ["minimal"] = minimal,
            ["terms"] = terms,
            ["session_secrets"] = new JsonArray([.. secrets]),
        };
        return (json, wire);
    }

    private Manifest Minimal()
    {
        var full = _story.Manifest.Value;
        return new Manifest
        {
            Created = full.Created,
            Creator = full.Creator,
            Unattended = true,
            Enclaves = [full.Enclaves[0]],
            Participants = [full.Participants[0]],
            Subsets = [],
            Approvals = new ApprovalPolicy([], 0),
            Terms = full.Terms,
        };
    }

    private JsonObject Register(int place)
    {
        var participant = _story.Manifest.Value.Participants[place];
        var member = _story.Members[place];
        var auth = _story.Auths[place];
        var source = participant.Enclave is null ? KeySource.Home : KeySource.Imported;
        var binding = MemberBinding.Of(_story.Manifest.Digest, participant.User, participant.Enclave, auth.XOnlyPublicKey, place != 1, source);
        var (proof, signature) = Signature($"proof {place}", member, MemberKeyPlaintext.ProofDigest(binding, member.PublicKey));
        var (key, wire) = Session($"member key {place}", _story.Cipher, Purposes.MemberKey, Aad.MemberKey(binding), [.. member.PublicKey.Bytes, .. signature.Bytes]);
        var json = new JsonObject { ["b"] = Hex(binding), ["member_public"] = member.PublicKey.ToString(), ["proof"] = proof, ["member_key"] = key };
        Hash32? envelope = null;
        if (participant.Enclave is { } enclave)
        {
            using var secret = member.Export();
            var (sealedSecret, sealedWire) = Hpke($"envelope {place}", _story.Identities[enclave], Purposes.MemberKey, Aad.MemberKey(binding), secret.Span);
            json["envelope"] = sealedSecret;
            envelope = Hash32.Sha256(sealedWire);
        }
        var registration = new Registration
        {
            Manifest = _story.Manifest.Digest,
            User = participant.User,
            Auth = auth.XOnlyPublicKey,
            Approval = place != 1,
            Source = source,
            MemberKey = wire,
            Envelope = envelope,
        };
        (json["statement"], _registrations[place]) = Statement($"registration {place}", registration, _story.Admissions[place], auth);
        return json;
    }

    private JsonObject DescribeRoster() => new()
    {
        ["hash"] = Roster.RosterHash.ToString(),
        ["fingerprint"] = Roster.Fingerprint,
        ["output_keys"] = new JsonArray([.. Roster.OutputKeys.Select(key => (JsonNode)key.ToString())]),
        ["output_keys_hash"] = Roster.OutputKeysHash.ToString(),
        ["receipts"] = new JsonArray([.. Enumerable.Range(0, 2).Select(i => Signature($"receipt {i}", _story.Statements[i], Receipt.Digest(Roster.RosterHash, i, Roster.OutputKeysHash)).Json)]),
    };
}
