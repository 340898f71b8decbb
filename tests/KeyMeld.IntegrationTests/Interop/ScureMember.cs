using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.IntegrationTests.Interop;

/// <summary>
/// A member at home whose MuSig2 is @scure/btc-signer's: key, nonces and partial signatures are made in its own process. This side is only its post office: it encrypts,
/// signs with the authorisation key, and calls the gateway.
/// </summary>
internal sealed class ScureMember : IAsyncDisposable
{
    private readonly GatewayTransport _transport;
    private readonly NodeScript _script;
    private readonly SecretKey _auth = SecretKey.Generate();
    private readonly Id16 _boot = Id16.Random();
    private readonly Dictionary<(Hash32 Request, int Attempt), RoundBlobEnvelope> _opened = [];
    private OpenedKeygen _keygen = null!;
    private int _place;

    private ScureMember(GatewayTransport transport, NodeScript script) => (_transport, _script) = (transport, script);

    public Roster Roster { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NodeId Node => NodeId.Home(_place);

    public static async Task<ScureMember> StartAsync(Uri gateway) =>
        new(new GatewayTransport(gateway, new KeyMeldClientOptions()), await NodeScript.StartAsync("peer.mjs"));

    /// <summary>Takes a place that signs at home: the script proves that it has the key, nobody else ever sees it.</summary>
    public async Task JoinAsync(Invitation invitation)
    {
        using var admission = SecretKey.Import(invitation.Admission!.Span);
        var answer = await KeygenFetch.GetAsync(_transport, invitation.Manifest, admission, 0, Cancel);
        _keygen = OpenedKeygen.Open(invitation.Manifest, answer.Manifest.ToStatement(), answer.Terms, SessionSecret.Import(invitation.Secret.Span));
        _place = _keygen.Manifest.Value.Participants.ToList().FindIndex(participant => participant.User == invitation.User);
        var key = PublicKey.Parse(Convert.FromHexString(await _script.AskAsync("key", "key")));
        var binding = MemberBinding.Of(invitation.Manifest, invitation.User, null, _auth.XOnlyPublicKey, false, KeySource.Home);
        var digest = MemberKeyPlaintext.ProofDigest(binding, key);
        var proof = await _script.AskAsync("prove", "proof", new JsonObject { ["digest"] = digest.ToString() });
        var registration = new Registration
        {
            Manifest = invitation.Manifest,
            User = invitation.User,
            Auth = _auth.XOnlyPublicKey,
            Approval = false,
            Source = KeySource.Home,
            MemberKey = new MemberKeyPlaintext(key, SchnorrSignature.Parse(Convert.FromHexString(proof))).Encrypt(new SessionCipher(_keygen.Session, invitation.Manifest), binding),
        };
        var signed = StatementSigner.Sign(registration, admission, _auth);
        await PostAsync(GatewayTargets.Participants(invitation.Manifest), ProtocolJson.Utf8(new RegistrationRequestJson(SignedJson.Of(signed.Statement)), ProtocolJson.Default.RegistrationRequestJson));
    }

    public async Task WaitUntilFormedAsync()
    {
        var answer = await KeygenFetch.GetAsync(_transport, _keygen.Manifest.Digest, _auth, Waiting.LongestWait, Cancel);
        Assert.Equal("formed", answer.State);
        Roster = Roster.Verify(_keygen.Manifest, answer.Terms, _keygen.Session, [.. answer.Registrations.Select(registration => registration!.ToStatement())]);
    }

    /// <summary>Takes part in a signing until it is final.</summary>
    public async Task<string> SignAsync(SigningReference reference)
    {
        while (true)
        {
            var call = new GatewayCall<RoundsJson>(HttpMethod.Get, GatewayTargets.Rounds(reference.Request), ProtocolJson.Default.RoundsJson) { Reader = _auth, Wait = Waiting.LongestWait, MostBytes = SigningFetch.AnswerBytes };
            var due = await _transport.SendAsync(call, Cancel);
            if (due.State is not ("waiting" or "running"))
            {
                return due.State;
            }
            if (due.Round is null)
            {
                continue;
            }
            var signing = await SigningFetch.GetAsync(_transport, reference.Request, _auth, 0, Cancel);
            var request = RequestVerifier.Verify(Roster, signing.Request.ToStatement(), signing.Items, _keygen.Session);
            var blob = due.Round == RoundsJson.First ? await OpenAsync(request, due.Attempt!.Value) : await SignAsync(request, due);
            await PostAsync(GatewayTargets.Rounds(reference.Request), ProtocolJson.Utf8(RoundBlobJson.Of(blob), ProtocolJson.Default.RoundBlobJson));
        }
    }

    /// <summary>Whether the script, with keys and tweaks of its own reckoning, accepts the signature.</summary>
    public async Task<bool> VerifiesAsync(VerifiedRequest request, int item, SchnorrSignature signature)
    {
        var asked = Item(request, item);
        asked["signature"] = signature.ToString();
        return (await _script.AskAsync("verify", asked))["valid"]!.GetValue<bool>();
    }

    /// <summary>The x-only output key as the script reckons it.</summary>
    public Task<string> OutputAsync(TweakChain tweaks) => _script.AskAsync("output", "output", Keys([.. Roster.Members.Select(member => member.Key)], tweaks));

    public async ValueTask DisposeAsync()
    {
        await _script.DisposeAsync();
        _keygen?.Dispose();
        _auth.Dispose();
        _transport.Dispose();
    }

    private async Task<RoundBlobEnvelope> OpenAsync(VerifiedRequest request, int attempt)
    {
        if (!_opened.TryGetValue((request.Digest, attempt), out var opened))
        {
            var entries = new List<Round1Entry>();
            foreach (var pair in request.PairsOf(Node))
            {
                var nonce = await _script.AskAsync("nonce", "nonce", Item(request, pair.Item));
                entries.Add(new Round1Entry(request.Items[pair.Item].Item, pair.Signer, Convert.FromHexString(nonce)));
            }
            var aad = Aad.Round1(request.Roster.RosterHash, request.Digest, attempt, Node);
            opened = _opened[(request.Digest, attempt)] = Seal(Purposes.Round1, request, attempt, null, aad, RoundEntries.Encode([.. entries]));
        }
        return opened;
    }

    private async Task<RoundBlobEnvelope> SignAsync(VerifiedRequest request, RoundsJson due)
    {
        var set = new BlobSet([.. due.Round1!.Select(blob => blob.ToEnvelope())]);
        set.Verify(Purposes.Round1, request, due.Attempt!.Value, null, own: _opened[(request.Digest, due.Attempt.Value)]);
        var nonces = set.Blobs.SelectMany(blob => NoncesOf(request, blob)).ToDictionary(entry => (entry.Item, entry.Signer), entry => Convert.ToHexStringLower(entry.Nonce.Span));
        var entries = new List<Round2Entry>();
        foreach (var pair in request.PairsOf(Node))
        {
            var item = request.Items[pair.Item];
            var asked = Item(request, pair.Item);
            asked["publicNonces"] = new JsonArray([.. request.SignersOf(pair.Item).Select(signer => JsonValue.Create(nonces[(item.Item, signer)]))]);
            entries.Add(new Round2Entry(item.Item, pair.Signer, Hash32.Parse(await _script.AskAsync("sign", "partial", asked))));
        }
        var aad = Aad.Round2(request.Roster.RosterHash, request.Digest, due.Attempt.Value, Node, set.Tau());
        return Seal(Purposes.Round2, request, due.Attempt.Value, set.Tau(), aad, RoundEntries.Encode([.. entries]));
    }

    private Round1Entry[] NoncesOf(VerifiedRequest request, RoundBlobEnvelope blob)
    {
        var aad = Aad.Round1(request.Roster.RosterHash, request.Digest, blob.Attempt, blob.Node);
        Assert.True(new SessionCipher(_keygen.Session, request.Roster.ManifestHash).TryDecrypt(Purposes.Round1, aad, blob.Blob.Span, out var plaintext));
        return RoundEntries.ParseRound1(plaintext);
    }

    private RoundBlobEnvelope Seal(string purpose, VerifiedRequest request, int attempt, Hash32? tau, byte[] aad, byte[] plaintext)
    {
        var blob = new SessionCipher(_keygen.Session, request.Roster.ManifestHash).Encrypt(purpose, aad, plaintext);
        return RoundBlobEnvelope.Sign(purpose, request.Roster.RosterHash, request.Digest, attempt, Node, _boot, tau, blob, _auth);
    }

    private async Task PostAsync(string target, byte[] body) =>
        await _transport.SendAsync(new GatewayCall<StateJson>(HttpMethod.Post, target, ProtocolJson.Default.StateJson) { Body = body }, Cancel);

    private static JsonObject Item(VerifiedRequest request, int index)
    {
        var item = request.Items[index];
        var json = Keys([.. request.SignersOf(index).Select(signer => request.Roster.Members[signer].Key)], request.Roster.ChainOf(item.Subset, item.Tweaks));
        json["item"] = item.Item.ToString();
        json["message"] = item.Message.ToString();
        if (item.Adaptor is { } adaptor)
        {
            json["adaptor"] = Convert.ToHexStringLower(adaptor.Bytes);
        }
        return json;
    }

    private static JsonObject Keys(IReadOnlyList<PublicKey> keys, TweakChain tweaks) => new()
    {
        ["keys"] = new JsonArray([.. keys.Select(key => JsonValue.Create(Convert.ToHexStringLower(key.Bytes)))]),
        ["tweaks"] = new JsonArray([.. tweaks.Tweaks.Select(tweak => (JsonNode)(tweak switch
        {
            Tweak.Bip86 => new JsonObject { ["type"] = "bip86" },
            Tweak.Plain plain => new JsonObject { ["type"] = "plain", ["value"] = plain.Value.ToString() },
            Tweak.XOnly xonly => new JsonObject { ["type"] = "xonly", ["value"] = xonly.Value.ToString() },
            _ => throw new ArgumentOutOfRangeException(nameof(tweaks)),
        }))]),
    };
}
