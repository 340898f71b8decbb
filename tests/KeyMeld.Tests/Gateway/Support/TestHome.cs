using System.Net;
using System.Security.Cryptography;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>A member at home as the gateway sees it: blobs of random bytes, really signed. Answers what is due as it answered before, and opens the next attempt where it cannot.</summary>
internal sealed class TestHome(TestSigning signing, int place)
{
    private readonly Dictionary<int, RoundBlobEnvelope> _opened = [];

    public Id16 Boot { get; private set; } = Id16.Random();

    public NodeId Node { get; } = NodeId.Home(place);

    public SecretKey Key => signing.Group.Auths[place];

    private string Path => signing.Path + "/rounds";

    /// <summary>The process ends and another begins.</summary>
    public void Restart()
    {
        Boot = Id16.Random();
        _opened.Clear();
    }

    public async Task<RoundsJson> AskAsync(string? prefer = "wait=30") => (await signing.Group.Gateway.GetAsync(Path, Key, prefer)).Read(ProtocolJson.Default.RoundsJson);

    public RoundBlobEnvelope Open(int attempt) => _opened.TryGetValue(attempt, out var blob) ? blob : _opened[attempt] = Sign(Purposes.Round1, attempt, null);

    public RoundBlobEnvelope Sign(string purpose, int attempt, Hash32? tau, SecretKey? key = null, NodeId? node = null) => RoundBlobEnvelope.Sign(
        purpose, signing.Group.Roster, signing.Digest, attempt, node ?? Node, Boot, tau, RandomNumberGenerator.GetBytes(90), key ?? Key);

    public Task<Answer> PostAsync(RoundBlobEnvelope blob) => signing.Group.Gateway.PostAsync(Path, RoundBlobJson.Of(blob), ProtocolJson.Default.RoundBlobJson);

    /// <summary>Does what is due, once; false when the signing is final.</summary>
    public async Task<bool> StepAsync()
    {
        var due = await AskAsync();
        if (due.State is not ("running" or "waiting"))
        {
            return false;
        }
        if (due.Round == RoundsJson.First)
        {
            await SayAsync(Open(due.Attempt!.Value));
        }
        else if (due.Round == RoundsJson.Second)
        {
            var own = due.Round1!.Single(blob => blob.Node is [1, var index] && index == place);
            var next = own.Boot == Boot
                ? Sign(Purposes.Round2, due.Attempt!.Value, Round1Set.Tau([.. due.Round1!.Select(blob => Hash32.Sha256(blob.Blob))]))
                : Open(due.Attempt!.Value + 1);
            await SayAsync(next);
        }
        return true;
    }

    // The rounds may have gone on since it asked: then the next question says where they are.
    private async Task SayAsync(RoundBlobEnvelope blob) => Assert.Contains((await PostAsync(blob)).Status, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.Conflict]);

    public async Task RunAsync()
    {
        while (await StepAsync())
        {
        }
    }
}
