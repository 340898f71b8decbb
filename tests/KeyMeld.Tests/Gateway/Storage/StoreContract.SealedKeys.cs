using Google.Protobuf;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_sealed_key_comes_back_as_it_was_stored_and_after_a_restart()
    {
        await using var stores = await OpenAsync();
        var row = Row(3);
        Assert.False((await stores.SealedKeys.ReadAsync(3)).EverHadOne);

        Assert.True(await stores.SealedKeys.AddFirstAsync(row));
        await stores.RestartAsync();

        Assert.Equal(row, Assert.Single((await stores.SealedKeys.ReadAsync(3)).Rows));
        Assert.True((await stores.SealedKeys.ReadAsync(3)).EverHadOne);
        Assert.False((await stores.SealedKeys.ReadAsync(4)).EverHadOne);
    }

    [Fact]
    public async Task A_sealed_key_is_never_overwritten_by_another()
    {
        await using var stores = await OpenAsync();
        var row = Row(3);
        Assert.True(await stores.SealedKeys.AddFirstAsync(row));

        Assert.False(await stores.SealedKeys.AddFirstAsync(Row(3)));
        Assert.True(await stores.SealedKeys.AddFirstAsync(row));

        Assert.Equal(row, Assert.Single((await stores.SealedKeys.ReadAsync(3)).Rows));
    }

    [Fact]
    public async Task Of_many_first_keys_at_once_one_stands()
    {
        await using var stores = await OpenAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stores.SealedKeys.AddFirstAsync(Row(3))));

        Assert.Single(answers, true);
        Assert.Single((await stores.SealedKeys.ReadAsync(3)).Rows);
    }

    [Fact]
    public async Task A_new_epoch_retires_the_one_before_and_stands_after_a_restart()
    {
        await using var stores = await OpenAsync();
        var (first, second, third) = (Row(3), Row(3, 2), Row(3, 3));
        await stores.SealedKeys.AddFirstAsync(first);

        Assert.True(await stores.SealedKeys.AddNextAsync(first, second));
        Assert.True(await stores.SealedKeys.AddNextAsync(first, second));
        Assert.True(await stores.SealedKeys.AddNextAsync(second, third));
        await stores.RestartAsync();

        Assert.Equal([first, second, third], (await stores.SealedKeys.ReadAsync(3)).Rows);
        Assert.False(await stores.SealedKeys.AddFirstAsync(first));
    }

    [Fact]
    public async Task A_new_epoch_that_began_with_another_newest_key_changes_nothing()
    {
        await using var stores = await OpenAsync();
        var (first, second) = (Row(3), Row(3, 2));
        Assert.False(await stores.SealedKeys.AddNextAsync(first, second));
        await stores.SealedKeys.AddFirstAsync(first);
        var altered = first.Clone();
        altered.EncryptedPrivateKey = ByteString.CopyFrom(Bytes(61));

        Assert.False(await stores.SealedKeys.AddNextAsync(altered, second));
        Assert.True(await stores.SealedKeys.AddNextAsync(first, second));
        Assert.False(await stores.SealedKeys.AddNextAsync(first, Row(3, 2)));
        await Assert.ThrowsAsync<ArgumentException>(() => stores.SealedKeys.AddNextAsync(second, Row(3, 4)));
        await Assert.ThrowsAsync<ArgumentException>(() => stores.SealedKeys.AddNextAsync(second, Row(4, 3)));

        Assert.Equal([first, second], (await stores.SealedKeys.ReadAsync(3)).Rows);
    }

    [Fact]
    public async Task Of_many_next_keys_at_once_one_stands()
    {
        await using var stores = await OpenAsync();
        var first = Row(3);
        await stores.SealedKeys.AddFirstAsync(first);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stores.SealedKeys.AddNextAsync(first, Row(3, 2))));

        Assert.Single(answers, true);
        Assert.Equal([1u, 2u], (await stores.SealedKeys.ReadAsync(3)).Rows.Select(row => row.KeyEpoch));
    }

    [Fact]
    public async Task Ciphertexts_are_replaced_all_or_none_and_only_those_that_were_read()
    {
        await using var stores = await OpenAsync();
        SealedKeyRow[] old = [Row(3), Row(3, 2)];
        await stores.SealedKeys.AddFirstAsync(old[0]);
        await stores.SealedKeys.AddNextAsync(old[0], old[1]);
        SealedKeyRow[] fresh = [Resealed(old[0]), Resealed(old[1])];

        foreach (var altered in Alterations(old[1]))
        {
            Assert.False(await stores.SealedKeys.ReplaceAsync([old[0], altered], [fresh[0], fresh[1]]));
        }
        Assert.False(await stores.SealedKeys.ReplaceAsync([old[1]], [fresh[1]]));
        Assert.Equal(old, (await stores.SealedKeys.ReadAsync(3)).Rows);

        Assert.True(await stores.SealedKeys.ReplaceAsync([.. old], [.. fresh]));
        Assert.True(await stores.SealedKeys.ReplaceAsync([.. old], [.. fresh]));
        await stores.RestartAsync();
        Assert.Equal(fresh, (await stores.SealedKeys.ReadAsync(3)).Rows);
        Assert.False(await stores.SealedKeys.ReplaceAsync([.. old], [Resealed(old[0]), Resealed(old[1])]));
        Assert.Equal(fresh, (await stores.SealedKeys.ReadAsync(3)).Rows);
    }

    [Fact]
    public async Task A_key_is_never_replaced_by_another_key()
    {
        await using var stores = await OpenAsync();
        var row = Row(3);
        await stores.SealedKeys.AddFirstAsync(row);

        await Assert.ThrowsAsync<ArgumentException>(() => stores.SealedKeys.ReplaceAsync([row], [Row(3)]));
        await Assert.ThrowsAsync<ArgumentException>(() => stores.SealedKeys.ReplaceAsync([row], []));

        Assert.Equal(row, Assert.Single((await stores.SealedKeys.ReadAsync(3)).Rows));
    }

    private static SealedKeyRow Resealed(SealedKeyRow row)
    {
        var fresh = row.Clone();
        (fresh.KmsEncryptedDek, fresh.EncryptedPrivateKey) = (ByteString.CopyFrom(Bytes(180)), ByteString.CopyFrom(Bytes(61)));
        fresh.KmsKeyId = "arn:aws:kms:us-west-2:000000000000:key/2";
        return fresh;
    }

    private static IEnumerable<SealedKeyRow> Alterations(SealedKeyRow row)
    {
        foreach (var alter in (Action<SealedKeyRow>[])
        [
            changed => changed.KmsEncryptedDek = ByteString.CopyFrom(Bytes(180)),
            changed => changed.EncryptedPrivateKey = ByteString.CopyFrom(Bytes(61)),
            changed => changed.KmsKeyId = "arn:aws:kms:us-west-2:000000000000:key/3",
        ])
        {
            var changed = row.Clone();
            alter(changed);
            yield return changed;
        }
    }

    internal static SealedKeyRow Row(uint enclave, uint epoch = 1) => new()
    {
        EnclaveId = enclave,
        KeyEpoch = epoch,
        KmsEncryptedDek = ByteString.CopyFrom(Bytes(180)),
        EncryptedPrivateKey = ByteString.CopyFrom(Bytes(61)),
        PublicKey = ByteString.CopyFrom(Bytes(33)),
        KmsKeyId = "arn:aws:kms:us-west-2:000000000000:key/1",
    };
}
