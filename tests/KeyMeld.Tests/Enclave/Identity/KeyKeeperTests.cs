using Google.Protobuf;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Identity;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Enclave.Identity;

public class KeyKeeperTests
{
    [Fact]
    public void A_key_that_was_made_and_never_stored_is_wiped_when_another_takes_its_place()
    {
        var (keeper, made) = Waiting();
        var stored = NewIdentity(1);
        Assert.IsType<KeyState.Ready>(keeper.Open([stored]));
        Assert.Throws<ObjectDisposedException>(() => made.IdentityKey.Export());
        Assert.Throws<ObjectDisposedException>(() => made.StatementKey.Export());
        using var usable = keeper.Current.Newest.IdentityKey.Export();
        Assert.Equal(stored.Key, keeper.Current.Newest.Key);
    }

    [Fact]
    public void A_key_that_was_made_and_came_back_is_used_and_not_wiped()
    {
        var (keeper, made) = Waiting();
        var pending = keeper.FindPending(Record(made))!;
        Assert.IsType<KeyState.Ready>(keeper.Open([pending]));
        using var usable = keeper.Current.Newest.IdentityKey.Export();
        Assert.Same(made, keeper.Current.Newest);
    }

    [Fact]
    public void Keys_that_contradict_what_is_open_are_wiped_and_what_is_open_stays()
    {
        var open = NewIdentity(1);
        var keeper = KeyKeeper.Holding(0, open);
        var other = NewIdentity(1);
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, Assert.Throws<KeyMeldException>(() => keeper.Open([other])).Code);
        Assert.Throws<ObjectDisposedException>(() => other.IdentityKey.Export());
        using var usable = keeper.Current.Newest.IdentityKey.Export();
        Assert.Same(open, keeper.Current.Newest);
    }

    private static (KeyKeeper Keeper, EpochIdentity Made) Waiting()
    {
        var keeper = new KeyKeeper();
        keeper.Apply(new KeyEvent.Numbered(0));
        keeper.Apply(new KeyEvent.Refused(new LockReason(ErrorCodes.SealedKeyMissing, "There is none.")));
        var made = NewIdentity(1);
        keeper.Keep(Record(made), made);
        return (keeper, made);
    }

    private static SealedRecord Record(EpochIdentity identity) => new(0, identity.Epoch, ByteString.CopyFrom(1), ByteString.CopyFrom(2), ByteString.CopyFrom(identity.Key.Bytes), "arn");

    private static EpochIdentity NewIdentity(int epoch)
    {
        var secret = SecretKey.Generate();
        return new EpochIdentity(epoch, secret, StatementKey.Derive(secret));
    }
}
