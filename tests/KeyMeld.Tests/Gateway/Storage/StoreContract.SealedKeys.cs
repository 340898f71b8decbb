using Google.Protobuf;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_sealed_key_comes_back_as_it_was_stored_and_after_a_restart()
    {
        await using var stores = Open();
        var row = Row(3);
        Assert.False(stores.SealedKeys.Read(3).EverHadOne);

        Assert.True(await stores.SealedKeys.AddFirstAsync(row));
        await stores.RestartAsync();

        Assert.Equal(row, Assert.Single(stores.SealedKeys.Read(3).Rows));
        Assert.True(stores.SealedKeys.Read(3).EverHadOne);
        Assert.False(stores.SealedKeys.Read(4).EverHadOne);
    }

    [Fact]
    public async Task A_sealed_key_is_never_overwritten_by_another()
    {
        await using var stores = Open();
        var row = Row(3);
        Assert.True(await stores.SealedKeys.AddFirstAsync(row));

        Assert.False(await stores.SealedKeys.AddFirstAsync(Row(3)));
        Assert.True(await stores.SealedKeys.AddFirstAsync(row));

        Assert.Equal(row, Assert.Single(stores.SealedKeys.Read(3).Rows));
    }

    [Fact]
    public async Task Of_many_first_keys_at_once_one_stands()
    {
        await using var stores = Open();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stores.SealedKeys.AddFirstAsync(Row(3))));

        Assert.Single(answers, true);
        Assert.Single(stores.SealedKeys.Read(3).Rows);
    }

    private protected static SealedKeyRow Row(uint enclave) => new()
    {
        EnclaveId = enclave,
        KeyEpoch = 1,
        KmsEncryptedDek = ByteString.CopyFrom(Bytes(180)),
        EncryptedPrivateKey = ByteString.CopyFrom(Bytes(61)),
        PublicKey = ByteString.CopyFrom(Bytes(33)),
        KmsKeyId = "arn:aws:kms:us-west-2:000000000000:key/1",
    };
}
