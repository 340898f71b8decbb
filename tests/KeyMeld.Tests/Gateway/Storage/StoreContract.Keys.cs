using KeyMeld.Gateway.Storage;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    private const int MostKeys = 10;

    [Fact]
    public async Task A_key_comes_back_as_it_was_stored_and_after_a_restart()
    {
        await using var stores = await OpenAsync();
        var key = Key();
        Assert.Null(await stores.Keys.FindAsync(key.Hash));
        Assert.Null(await stores.Keys.FindByIdAsync(key.Auth, key.Id));

        Assert.Equal(AddedKey.Added, await stores.Keys.AddAsync(key, MostKeys));
        await stores.RestartAsync();

        var found = (await stores.Keys.FindAsync(key.Hash))!;
        Assert.Equal((key.Hash, false, null), (found.Hash, found.IsErased, found.EraseStatement));
        Assert.Equal([key.Auth, key.Statement.Statement, key.Statement.Signatures, key.Sealed, key.Answer], new[] { found.Auth, found.Statement!.Statement, found.Statement.Signatures, found.Sealed!, found.Answer! });
        Assert.Equal(key.Hash, await stores.Keys.FindByIdAsync(key.Auth, key.Id));
    }

    [Fact]
    public async Task A_key_stands_once_and_its_id_is_taken_within_its_auth_only()
    {
        await using var stores = await OpenAsync();
        var key = Key();
        await stores.Keys.AddAsync(key, MostKeys);

        Assert.Equal(AddedKey.Repeated, await stores.Keys.AddAsync(key with { Sealed = Bytes(10) }, MostKeys));
        Assert.Equal(AddedKey.Taken, await stores.Keys.AddAsync(key with { Hash = Hash() }, MostKeys));
        Assert.Equal(AddedKey.Added, await stores.Keys.AddAsync(key with { Hash = Hash(), Auth = Bytes(32) }, MostKeys));
        Assert.Equal(key.Sealed, (await stores.Keys.FindAsync(key.Hash))!.Sealed);
    }

    [Fact]
    public async Task Of_one_key_added_by_many_at_once_one_stands()
    {
        await using var stores = await OpenAsync();
        var key = Key();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => stores.Keys.AddAsync(key with { Sealed = Bytes(61) }, MostKeys)));
        Assert.Equal((1, 19), (answers.Count(answer => answer == AddedKey.Added), answers.Count(answer => answer == AddedKey.Repeated)));
    }

    [Fact]
    public async Task An_auth_lists_its_own_keys_oldest_first_and_has_no_more_than_its_share()
    {
        await using var stores = await OpenAsync();
        var auth = Bytes(32);
        var keys = Enumerable.Range(0, 3).Select(age => Key() with { Auth = auth, Created = 100 - age }).ToList();
        foreach (var key in keys)
        {
            Assert.Equal(AddedKey.Added, await stores.Keys.AddAsync(key, 3));
        }
        await stores.Keys.AddAsync(Key(), 3);

        Assert.Equal(AddedKey.TooMany, await stores.Keys.AddAsync(Key() with { Auth = auth }, 3));
        Assert.Equal([.. keys.Select(key => key.Hash).Reverse()], (await stores.Keys.ListAsync(auth)).Select(key => key.Hash));
        Assert.Empty(await stores.Keys.ListAsync(Bytes(32)));
    }

    [Fact]
    public async Task An_erased_key_is_known_and_does_not_come_back()
    {
        await using var stores = await OpenAsync();
        var (key, statement) = (Key(), Hash());
        Assert.False(await stores.Keys.EraseAsync(key.Hash, statement));
        await stores.Keys.AddAsync(key, MostKeys);

        Assert.True(await stores.Keys.EraseAsync(key.Hash, statement));
        Assert.False(await stores.Keys.EraseAsync(key.Hash, Hash()));
        await stores.RestartAsync();

        var found = (await stores.Keys.FindAsync(key.Hash))!;
        Assert.Equal((true, statement, null, null, null), (found.IsErased, found.EraseStatement, found.Statement, found.Sealed, found.Answer));
        Assert.Equal(AddedKey.Repeated, await stores.Keys.AddAsync(key, MostKeys));
        Assert.Equal(AddedKey.Taken, await stores.Keys.AddAsync(key with { Hash = Hash() }, MostKeys));
        Assert.Empty(await stores.Keys.ListAsync(key.Auth));
        Assert.Null((await stores.Keys.FindAsync(key.Hash))!.Sealed);
    }

    private protected static NewKey Key() => new(Hash(), Bytes(32, 1), Id(), 1_800_000_000_000, Statement(), Bytes(178), Bytes(80));
}
