using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;
using static KeyMeld.Enclave.Identity.KeyEvent;
using static KeyMeld.Enclave.Identity.KeyState;

namespace KeyMeld.Tests.Enclave.Sealing;

public class KeyTransitionTests
{
    private static readonly PublicKey A = Key();
    private static readonly PublicKey B = Key();
    private static readonly LockReason Missing = new(ErrorCodes.SealedKeyMissing, "none");
    private static readonly LockReason Denied = new(ErrorCodes.KmsAccessDenied, "no", "AccessDeniedException");
    private static readonly KeyState Empty = new Locked(3, Missing);
    private static readonly KeyState Shut = new Locked(3, Denied);
    private static readonly KeyState Ready = new Ready(3, Keys((1, A)));
    private static readonly KeyState First = new Pending(Record(1), Empty);
    private static readonly KeyState Second = new Pending(Record(2), Ready);

    public static TheoryData<string> EveryState => [.. States.Keys];

    private static Dictionary<string, KeyState> States => new()
    {
        ["unconfigured"] = new Unconfigured(),
        ["empty"] = Empty,
        ["shut"] = Shut,
        ["ready"] = Ready,
        ["first"] = First,
        ["second"] = Second,
    };

    [Fact]
    public void The_number_is_fixed_by_the_first_to_say_it()
    {
        Assert.Equal(new Locked(3, KeyTransition.Opening), Next(new Unconfigured(), new Numbered(3)));
        foreach (var state in States.Values.Where(state => state is not Unconfigured))
        {
            Assert.Equal(3u, KeyTransition.NumberOf(state));
            Assert.Same(state, Next(state, new Numbered(3)));
            Assert.Equal(ErrorCodes.EnclaveConfigured, Refused(state, new Numbered(4)));
        }
    }

    [Theory]
    [MemberData(nameof(EveryState))]
    public void A_failure_replaces_the_reason_of_what_is_locked_and_nothing_else(string name)
    {
        var state = States[name];
        switch (state)
        {
            case Unconfigured:
                Assert.Equal(ErrorCodes.EnclaveLocked, Refused(state, new Refused(Denied)));
                break;
            case Locked:
                Assert.Equal(new Locked(3, Denied), Next(state, new Refused(Denied)));
                break;
            case Pending { Before: Locked } pending:
                Assert.Equal(pending with { Before = new Locked(3, Denied) }, Next(state, new Refused(Denied)));
                break;
            default:
                Assert.Same(state, Next(state, new Refused(Denied)));
                break;
        }
    }

    [Fact]
    public void Opened_keys_make_it_ready_and_widen_what_is_ready()
    {
        Assert.Equal([1], Assert.IsType<Ready>(Next(Shut, new Opened(Keys((1, A))))).Keys.Keys);
        Assert.Equal([1, 2], Assert.IsType<Ready>(Next(Ready, new Opened(Keys((1, A), (2, B))))).Keys.Keys);
        Assert.Equal([1], Assert.IsType<Ready>(Next(First, new Opened(Keys((1, A))))).Keys.Keys);
        Assert.Equal([1, 2], Assert.IsType<Ready>(Next(Second, new Opened(Keys((1, A), (2, B))))).Keys.Keys);
        var waiting = Assert.IsType<Pending>(Next(Second, new Opened(Keys((1, A), (3, B)))));
        Assert.Equal([1, 3], Assert.IsType<Ready>(waiting.Before).Keys.Keys);
    }

    [Fact]
    public void A_key_in_use_is_never_replaced_or_forgotten()
    {
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, Refused(Ready, new Opened(Keys((1, B)))));
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, Refused(Ready, new Opened(Keys((2, B)))));
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, Refused(Second, new Opened(Keys((1, B), (2, B)))));
        Assert.Equal(ErrorCodes.SealedKeyMissing, Refused(Ready, new Opened(Keys())));
        Assert.Equal(ErrorCodes.SealedKeyMissing, Refused(Shut, new Opened(Keys())));
    }

    [Fact]
    public void K10_a_first_key_is_made_only_where_the_gateway_read_its_rows_and_has_none()
    {
        Assert.Same(Empty, Next(Empty, new GenesisAsked(1)));
        Assert.Equal(ErrorCodes.SealedKeyMissing, Refused(Empty, new GenesisAsked(2)));
        foreach (var code in new[] { ErrorCodes.KmsAccessDenied, ErrorCodes.SealedKeyCorrupt, ErrorCodes.SealedKeyUnreadable, ErrorCodes.Unavailable })
        {
            Assert.Equal(code, Refused(new Locked(3, new LockReason(code, "x")), new GenesisAsked(1)));
        }
        Assert.Equal(ErrorCodes.EnclaveLocked, Refused(new Unconfigured(), new GenesisAsked(1)));
    }

    [Fact]
    public void A_further_epoch_is_the_next_one_and_one_at_a_time()
    {
        Assert.Same(Ready, Next(Ready, new GenesisAsked(2)));
        Assert.Equal(ErrorCodes.SealedKeyExists, Refused(Ready, new GenesisAsked(1)));
        Assert.Equal(ErrorCodes.SealedKeyExists, Refused(Ready, new GenesisAsked(3)));
        Assert.Same(Second, Next(Second, new GenesisAsked(2)));
        Assert.Equal(ErrorCodes.SealedKeyExists, Refused(Second, new GenesisAsked(3)));
        Assert.Equal(ErrorCodes.SealedKeyExists, Refused(First, new GenesisAsked(2)));
    }

    [Fact]
    public void A_made_key_waits_for_its_record()
    {
        Assert.Equal(First, Next(Empty, new GenesisDone(Record(1))));
        Assert.Equal(Second, Next(Ready, new GenesisDone(Record(2))));
        Assert.Same(First, Next(First, new GenesisDone(Record(1))));
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, Refused(First, new GenesisDone(Record(1) with { KmsKeyId = "other" })));
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, Refused(Shut, new GenesisDone(Record(1))));
    }

    private static KeyState Next(KeyState state, KeyEvent happened) => Assert.IsType<KeyOutcome.Next>(KeyTransition.Apply(state, happened)).State;

    private static string Refused(KeyState state, KeyEvent happened) => Assert.IsType<KeyOutcome.Rejected>(KeyTransition.Apply(state, happened)).Code;

    private static ImmutableSortedDictionary<int, PublicKey> Keys(params (int Epoch, PublicKey Key)[] keys) => keys.ToImmutableSortedDictionary(key => key.Epoch, key => key.Key);

    private static SealedRecord Record(int epoch) => new(3, epoch, ByteString.CopyFromUtf8("dek"), ByteString.CopyFromUtf8("key"), ByteString.CopyFrom(A.Bytes), "arn");

    private static PublicKey Key()
    {
        using var secret = SecretKey.Generate();
        return secret.PublicKey;
    }
}
