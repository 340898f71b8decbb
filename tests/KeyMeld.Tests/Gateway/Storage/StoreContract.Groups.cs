using System.Collections.Immutable;
using KeyMeld.Gateway.Storage;

namespace KeyMeld.Tests.Gateway.Storage;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_group_comes_back_as_it_was_stored()
    {
        await using var stores = await OpenAsync();
        var group = Group();
        Assert.Null(await stores.Groups.FindAsync(group.Hash));

        Assert.True(await stores.Groups.AddAsync(group));
        Assert.False(await stores.Groups.AddAsync(group));
        var first = Registration(1);
        Assert.True(await stores.Groups.AddRegistrationAsync(group.Hash, 0, first, Bytes(32)));
        await stores.RestartAsync();

        var found = await stores.Groups.FindAsync(group.Hash);
        Assert.NotNull(found);
        Assert.Equal(GroupState.Joining, found.State);
        Assert.Equal(group.Manifest.Statement, found.Manifest!.Statement);
        Assert.Equal(group.Manifest.Signatures, found.Manifest.Signatures);
        Assert.Equal(group.Terms, found.Terms);
        Assert.Equal(group.SessionSecrets, found.SessionSecrets);
        var registration = Assert.Single(found.Registrations);
        Assert.Equal((1, first.StatementHash), (registration.Participant, registration.StatementHash));
        Assert.Equal(first.Envelope, registration.Envelope);
        Assert.Equal([group.Hash], await stores.Groups.UnfinishedAsync());
    }

    [Fact]
    public async Task Only_the_registration_that_saw_all_accepted_ones_is_admitted()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(place => stores.Groups.AddRegistrationAsync(group.Hash, 0, Registration(place), Bytes(32))));

        Assert.Single(answers, true);
        var taken = Assert.Single((await stores.Groups.FindAsync(group.Hash))!.Registrations).Participant;
        Assert.False(await stores.Groups.AddRegistrationAsync(group.Hash, 1, Registration(taken), Bytes(32)));
        Assert.True(await stores.Groups.AddRegistrationAsync(group.Hash, 1, Registration((taken + 1) % 10), Bytes(32)));
    }

    [Fact]
    public async Task A_group_is_formed_once_and_found_by_its_roster()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);
        var roster = Hash();
        var receipts = ImmutableArray.Create(new StoredReceipt(0, Bytes(64)), new StoredReceipt(1, Bytes(64)));

        Assert.True(await stores.Groups.FormAsync(group.Hash, roster, receipts));
        Assert.False(await stores.Groups.FormAsync(group.Hash, Hash(), receipts));
        Assert.False(await stores.Groups.CloseAsync(group.Hash, GroupState.Expired, null));
        Assert.False(await stores.Groups.AddRegistrationAsync(group.Hash, 0, Registration(0), Bytes(32)));
        Assert.False(await stores.Groups.EraseAsync(group.Hash, Hash()));

        var found = (await stores.Groups.FindAsync(group.Hash))!;
        Assert.Equal(GroupState.Formed, found.State);
        Assert.Equal(roster, found.Roster);
        Assert.Equal(receipts.Select(receipt => receipt.Signature), found.Receipts.Select(receipt => receipt.Signature));
        Assert.Equal(group.Hash, await stores.Groups.FindByRosterAsync(roster));
        Assert.Null(await stores.Groups.FindByRosterAsync(Hash()));
        Assert.Empty(await stores.Groups.UnfinishedAsync());
    }

    [Fact]
    public async Task A_group_that_failed_says_why()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);

        Assert.True(await stores.Groups.CloseAsync(group.Hash, GroupState.Failed, new StoredError("receipt_invalid", "Why.")));

        var found = (await stores.Groups.FindAsync(group.Hash))!;
        Assert.Equal((GroupState.Failed, new StoredError("receipt_invalid", "Why.")), (found.State, found.Error));
    }

    [Fact]
    public async Task An_erased_group_leaves_hashes_and_nothing_else()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);
        var registration = Registration(0);
        await stores.Groups.AddRegistrationAsync(group.Hash, 0, registration, Bytes(32));

        Assert.True(await stores.Groups.EraseAsync(group.Hash, Hash()));
        Assert.False(await stores.Groups.EraseAsync(group.Hash, Hash()));
        Assert.False(await stores.Groups.AddAsync(group));

        var found = (await stores.Groups.FindAsync(group.Hash))!;
        Assert.Equal(GroupState.Erased, found.State);
        Assert.Null(found.Manifest);
        Assert.Null(found.Terms);
        Assert.Empty(found.SessionSecrets);
        Assert.NotNull(found.EraseStatement);
        Assert.Equal(new StoredRegistration(0, registration.StatementHash, null, null), Assert.Single(found.Registrations));
    }

    [Fact]
    public async Task A_member_erases_its_own_envelope_of_a_formed_group_once()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);
        await stores.Groups.AddRegistrationAsync(group.Hash, 0, Registration(0), Bytes(32));
        await stores.Groups.AddRegistrationAsync(group.Hash, 1, Registration(1), Bytes(32));
        Assert.False(await stores.Groups.EraseEnvelopeAsync(group.Hash, 0));
        await stores.Groups.FormAsync(group.Hash, Hash(), []);

        Assert.True(await stores.Groups.EraseEnvelopeAsync(group.Hash, 0));
        Assert.False(await stores.Groups.EraseEnvelopeAsync(group.Hash, 0));

        var registrations = (await stores.Groups.FindAsync(group.Hash))!.Registrations;
        Assert.Null(registrations[0].Envelope);
        Assert.NotNull(registrations[0].Statement);
        Assert.NotNull(registrations[1].Envelope);
    }

    [Fact]
    public async Task Readers_are_the_groups_own_also_after_it_was_erased()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);
        var member = Bytes(32);
        await stores.Groups.AddRegistrationAsync(group.Hash, 0, Registration(0), member);
        await stores.Groups.AddRegistrationAsync(group.Hash, 5, Registration(1), Bytes(32, 9));

        await stores.Groups.EraseAsync(group.Hash, Hash());

        Assert.True(await stores.Groups.HasReaderAsync(group.Hash, group.Readers[0].Span));
        Assert.True(await stores.Groups.HasReaderAsync(group.Hash, member));
        Assert.False(await stores.Groups.HasReaderAsync(group.Hash, Bytes(32, 9)));
        Assert.False(await stores.Groups.HasReaderAsync(Hash(), member));
    }

    private protected static async Task<NewGroup> AddGroupAsync(IStores stores)
    {
        var group = Group();
        Assert.True(await stores.Groups.AddAsync(group));
        return group;
    }

    private protected static NewGroup Group() =>
        new(Hash(), Statement(), Bytes(200), [Bytes(126), Bytes(126)], 2_000_000, 1_000_000, [Bytes(32), Bytes(32)]);

    private protected static StoredRegistration Registration(int place)
    {
        var statement = Statement(2);
        return new StoredRegistration(place, statement.Hash, statement, Bytes(114));
    }
}
