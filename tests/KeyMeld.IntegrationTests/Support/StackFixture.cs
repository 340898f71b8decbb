using System.Security.Cryptography.X509Certificates;
using KeyMeld.Attestation;
using KeyMeld.Cli.Commands;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Ids;

[assembly: AssemblyFixture(typeof(StackFixture))]

namespace KeyMeld.IntegrationTests.Support;

/// <summary>One development stack of real processes that all tests share which do not break it. Tests that kill or corrupt take a <see cref="OwnStackAsync"/>.</summary>
public sealed class StackFixture : IAsyncLifetime
{
    /// <summary>Ready for use.</summary>
    public DevelopmentStack Stack { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Stack = await OwnStackAsync();

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        Directory.Delete(Stack.Layout.Data, recursive: true);
    }

    /// <summary>A stack of its own, in a short folder (unix socket paths are short), on free ports.</summary>
    public static async Task<DevelopmentStack> OwnStackAsync(Func<StackOptions, StackOptions>? change = null)
    {
        var options = new StackOptions { DataDirectory = NewFolder("stack"), Port = FreePort(), KmsPort = FreePort() };
        var stack = await DevelopmentStack.StartAsync(change is null ? options : change(options), null, TestContext.Current.CancellationToken);
        await stack.ReadyAsync();
        return stack;
    }

    /// <summary>A folder of its owner alone that was not there before: process numbers come again, and with them what an earlier run left behind.</summary>
    public static string NewFolder(string name) => Directory.CreateTempSubdirectory($"km-{name}-").FullName;

    /// <summary>A port that nobody else is given while these tests run.</summary>
    public static int FreePort() => DevKit.Stack.FreePort.Next();
}

/// <summary>What tests do with a stack.</summary>
public static class StackExtensions
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Waits until all enclaves are ready, for each of the stack's gateways; fails with their reasons.</summary>
    public static async Task ReadyAsync(this DevelopmentStack stack)
    {
        foreach (var gateway in stack.Gateways)
        {
            var fleet = await FleetView.WaitUntilReadyAsync(gateway, Patience, TestContext.Current.CancellationToken);
            Assert.True(fleet.AllReady, string.Join(", ", fleet.Reasons.Select(reason => $"enclave {reason.Key}: {reason.Value}")));
        }
    }

    /// <summary>The policy of somebody who was given this stack's root.</summary>
    public static AttestationPolicy ClientPolicy(this DevelopmentStack stack) => new AttestationPolicy.Development(X509CertificateLoader.LoadCertificateFromFile(stack.Layout.RootCertificate));

    /// <summary>A client with a fresh profile.</summary>
    public static TestUser NewUser(this DevelopmentStack stack) => new(stack);

    /// <summary>A formed group of as many users as given, the first one its creator.</summary>
    public static async Task<Group> FormAsync(this IReadOnlyList<TestUser> users, Func<GroupPlan, GroupPlan>? change = null, JoinOptions? join = null)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var plan = new GroupPlan
        {
            Label = "test",
            Participants = [PlannedParticipant.Own(), .. users.Skip(1).Select((_, index) => PlannedParticipant.Invited($"member {index + 1}"))],
        };
        using var created = await users[0].Client.Groups.CreateAsync(change is null ? plan : change(plan), cancellationToken);
        using (var key = MemberKey.Generate())
        {
            await users[0].Client.Groups.JoinAsync(created.Id, key, join, cancellationToken);
        }
        foreach (var (user, issued) in users.Skip(1).Zip(created.Invitations))
        {
            using var offer = await user.Client.Groups.InspectAsync(issued.Invitation, cancellationToken);
            using var key = MemberKey.Generate();
            await user.Client.Groups.JoinAsync(offer, key, join, cancellationToken);
        }
        foreach (var user in users)
        {
            await user.Client.Groups.WaitUntilFormedAsync(created.Id, Patience, cancellationToken);
        }
        return users[0].Client.Groups.Load(created.Id);
    }
}

/// <summary>A user with a profile of its own on a stack.</summary>
public sealed class TestUser : IDisposable
{
    public TestUser(DevelopmentStack stack, AttestationPolicy? policy = null)
    {
        Profile = Profile.Create(StackFixture.NewFolder("profile"));
        Client = KeyMeldClient.Connect(stack.Gateway, policy ?? stack.ClientPolicy(), Profile);
    }

    public Profile Profile { get; }

    public KeyMeldClient Client { get; }

    public Group Group(Hash32 id) => Client.Groups.Load(id);

    public void Dispose()
    {
        Client.Dispose();
        Profile.Dispose();
        Directory.Delete(Profile.Folder, recursive: true);
    }
}
