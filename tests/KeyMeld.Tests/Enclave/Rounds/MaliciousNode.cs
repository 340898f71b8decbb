using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>An enclave, or a member at home, whose keys an attacker has: it says what it likes, validly encrypted and signed.</summary>
internal sealed class MaliciousNode(Driver driver, NodeId node, int attempt = 1)
{
    private readonly VerifiedRequest _request = driver.Request.Verified;
    private readonly Dictionary<RoundPair, SecretNonce> _nonces = [];

    public MaliciousNode(Driver driver, int enclave, int attempt = 1)
        : this(driver, NodeId.Enclave(enclave), attempt)
    {
    }

    private NodeId Node => node;

    private SecretKey Voice => node.Kind == NodeKind.Enclave ? driver.Group.Enclaves[node.Index].StatementKey : driver.Group.Members[node.Index].Auth;

    private IReadOnlyList<RoundPair> Pairs => _request.PairsOf(Node);

    /// <summary>The boot it claims.</summary>
    public Id16 Boot { get; set; } = Id16.Random();

    /// <summary>Round 1, after <paramref name="tamper"/> had it.</summary>
    public RoundBlob Open(Func<Round1Entry[], Round1Entry[]> tamper)
    {
        foreach (var pair in Pairs)
        {
            var key = driver.Group.Members[pair.Signer].Key;
            _nonces[pair] = SecretNonce.Generate(key, _request.KeysOf(pair.Item), _request.Items[pair.Item].Message.Bytes, new byte[32], out _);
        }
        var honest = Pairs.Select(pair => new Round1Entry(_request.Items[pair.Item].Item, pair.Signer, _nonces[pair].PublicNonce.Bytes.ToArray())).ToArray();
        return Round1(RoundEntries.Encode(tamper(honest)));
    }

    /// <summary>Round 1 of these bytes.</summary>
    public RoundBlob Round1(byte[] plaintext) => Sealed1(driver.Group.Cipher.Encrypt(Purposes.Round1, Aad.Round1(driver.Group.RosterHash, _request.Digest, attempt, Node), plaintext));

    /// <summary>Round 1 of this ciphertext.</summary>
    public RoundBlob Sealed1(byte[] blob) => Driver.Wire(RoundBlobEnvelope.Sign(
        Purposes.Round1, driver.Group.RosterHash, _request.Digest, attempt, Node, Boot, null, blob, Voice));

    /// <summary>Round 2 of the items that <paramref name="due"/> says are not left out, after <paramref name="tamper"/> had it.</summary>
    public RoundBlob Sign(IReadOnlyList<RoundBlob> round1, Func<int, bool> due, Func<Round2Entry[], Round2Entry[]> tamper, Func<int, bool>? foldsAdaptor = null)
    {
        var theirs = Nonces(round1);
        var honest = Pairs.Where(pair => due(pair.Item)).Select(pair =>
        {
            var aggregate = AggregateNonce.Aggregate([.. _request.SignersOf(pair.Item).Select(signer => theirs[new RoundPair(pair.Item, signer)])]);
            aggregate = _request.Items[pair.Item].Adaptor is { } point && foldsAdaptor?.Invoke(pair.Item) != false ? aggregate.WithAdaptor(point) : aggregate;
            var session = SigningSession.Create(aggregate, _request.Items[pair.Item].Message.Bytes, _request.KeysOf(pair.Item));
            var partial = session.Sign(_nonces[pair], driver.Group.Members[pair.Signer].Key);
            return new Round2Entry(_request.Items[pair.Item].Item, pair.Signer, new Hash32(partial.Bytes));
        }).ToArray();
        return Round2(round1, RoundEntries.Encode(tamper(honest)));
    }

    /// <summary>Round 2 of these bytes.</summary>
    public RoundBlob Round2(IReadOnlyList<RoundBlob> round1, byte[] plaintext)
    {
        var tau = Round1Set.Tau([.. round1.Select(blob => Hash32.Sha256(blob.Blob.Span))]);
        var blob = driver.Group.Cipher.Encrypt(Purposes.Round2, Aad.Round2(driver.Group.RosterHash, _request.Digest, attempt, Node, tau), plaintext);
        return Driver.Wire(RoundBlobEnvelope.Sign(
            Purposes.Round2, driver.Group.RosterHash, _request.Digest, attempt, Node, Boot, tau, blob, Voice));
    }

    private Dictionary<RoundPair, PublicNonce> Nonces(IReadOnlyList<RoundBlob> round1)
    {
        var nonces = _nonces.ToDictionary(nonce => nonce.Key, nonce => nonce.Value.PublicNonce);
        foreach (var envelope in round1.Select(Driver.Envelope).Where(envelope => envelope.Node != Node))
        {
            var aad = Aad.Round1(driver.Group.RosterHash, _request.Digest, attempt, envelope.Node);
            Assert.True(driver.Group.Cipher.TryDecrypt(Purposes.Round1, aad, envelope.Blob.Span, out var plaintext));
            foreach (var (pair, entry) in _request.PairsOf(envelope.Node).Zip(RoundEntries.ParseRound1(plaintext)))
            {
                nonces[pair] = PublicNonce.Parse(entry.Nonce.Span);
            }
        }
        return nonces;
    }
}
