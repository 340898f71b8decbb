using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Fuzzing;

/// <summary>Objects that are really there, their owners' keys and statements that verify: from them the fuzzer gets past the first checks.</summary>
internal sealed class Seeds
{
    private Seeds(TestGroup group, TestGroup joining, TestSigning signing, TestSigning waiting, TestKey key)
    {
        (Group, Signing, Key) = (group, signing, key);
        Hashes = [group.Hash, joining.Hash, signing.Digest, waiting.Digest, key.Id, default, Hash32.Sha256("nobody's"u8)];
        Readers = [group.Creator, group.Auths[0], joining.Creator, joining.Admissions[0], key.Auth];
        Statements =
        [
            .. new SignedStatement[]
            {
                group.Manifest.Statement, joining.Manifest.Statement, group.Registrations[0].Statement, joining.Registrations[1].Statement, signing.Request.Statement, waiting.Request.Statement,
                waiting.Decide(0).Statement, waiting.Decide(1, Decision.Reject).Statement, signing.Decide(0).Statement, key.Statement.Statement, key.Request().Statement.Statement, key.Erasure().Statement,
            }.Select(SignedJson.Of),
        ];
        Blobs = [group.Terms, .. joining.SessionSecrets, joining.Envelopes[1], key.Sealed, signing.Items, waiting.Items, [0xA0], [], [0x83, 0x01]];
    }

    public TestGroup Group { get; }

    public TestSigning Signing { get; }

    public TestKey Key { get; }

    public Hash32[] Hashes { get; }

    public SecretKey[] Readers { get; }

    public SignedJson[] Statements { get; }

    public byte[][] Blobs { get; }

    public static async Task<Seeds> MakeAsync(TestGateway gateway)
    {
        var group = await TestGroup.FormAsync(gateway, members: 2);
        var asked = await TestGroup.FormAsync(gateway, members: 2, approvals: [true, true]);
        var joining = TestGroup.Make(gateway);
        await joining.CreateAsync();
        var signing = new TestSigning(group);
        await signing.SignAsync();
        var waiting = new TestSigning(asked);
        await waiting.SignAsync(prefer: null);
        var key = new TestKey(gateway);
        await key.AddAsync();
        return new Seeds(group, joining, signing, waiting, key);
    }
}
