using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Invitations;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Client.Support;

/// <summary>A fake gateway with two honest enclaves, and people with profiles and clients of their own.</summary>
internal sealed class ClientWorld : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<IDisposable> _owned = [];

    public ClientWorld()
    {
        Module = new FakeModule(Clock);
        Gateway = new FakeGateway(Clock);
        Gateway.Enclaves.AddRange([new FakeEnclave(0, Module).AddEpoch(), new FakeEnclave(1, Module).AddEpoch()]);
        Alice = Person("alice");
        Bob = Person("bob");
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public FakeModule Module { get; }

    public FakeGateway Gateway { get; }

    public KeyMeldClient Alice { get; }

    public KeyMeldClient Bob { get; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static GroupPlan TwoOfTwo { get; } = new() { Label = "two of two", Participants = [PlannedParticipant.Own("alice"), PlannedParticipant.Invited("bob")] };

    /// <summary>Another client, of the same person or of a new one.</summary>
    public KeyMeldClient Person(string name, AttestationPolicy? policy = null)
    {
        var profile = Profile.OpenOrCreate(Path.Combine(_folder.Path, name));
        var client = KeyMeldClient.Connect(FakeGateway.Address, policy ?? Module.Policy, profile, new KeyMeldClientOptions { Time = Clock, Handler = Gateway, Retries = 0 });
        _owned.Add(client);
        _owned.Add(profile);
        return client;
    }

    /// <summary>Alice creates a group and joins; the invitation is for the second place.</summary>
    public async Task<(Hash32 Group, Invitation Invitation)> CreateAsync(GroupPlan? plan = null, JoinOptions? options = null)
    {
        var created = await Alice.Groups.CreateAsync(plan ?? TwoOfTwo, Cancel);
        _owned.Add(created);
        using var key = MemberKey.Generate();
        await Alice.Groups.JoinAsync(created.Id, key, options, Cancel);
        return (created.Id, created.Invitations[0].Invitation);
    }

    /// <summary>The invited one joins.</summary>
    public static async Task<GroupStatus> AcceptAsync(KeyMeldClient client, Invitation invitation, JoinOptions? options = null)
    {
        using var offer = await client.Groups.InspectAsync(invitation, Cancel);
        using var key = MemberKey.Generate();
        return await client.Groups.JoinAsync(offer, key, options, Cancel);
    }

    /// <summary>A formed group as both see it.</summary>
    public async Task<(Group Alice, Group Bob)> FormAsync(GroupPlan? plan = null, JoinOptions? options = null)
    {
        var (group, invitation) = await CreateAsync(plan, options);
        await AcceptAsync(Bob, invitation, options);
        return (await Alice.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel), await Bob.Groups.WaitUntilFormedAsync(group, cancellationToken: Cancel));
    }

    public void Dispose()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }
        Gateway.Enclaves.ForEach(enclave => enclave.Dispose());
        Gateway.Dispose();
        Module.Dispose();
        _folder.Dispose();
    }
}
