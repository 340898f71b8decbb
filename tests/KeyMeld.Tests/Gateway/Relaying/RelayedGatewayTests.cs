using System.Collections;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Relaying;

/// <summary>A gateway whose enclaves are on another host, behind that host's relay.</summary>
public class RelayedGatewayTests
{
    public enum Relay
    {
        OfAnotherRoot,
        Expired,
        OfAnotherName,
        WithAWildcard,
        WithAClientsCertificate,
    }

    public static TheoryData<Relay> Relays => [.. Enum.GetValues<Relay>()];

    [Fact]
    public async Task Groups_form_and_sign_with_enclaves_of_another_host_and_a_relay_that_restarts_is_found_again()
    {
        var overrides = new Hashtable();
        await using var gateway = await TestGateway.StartAsync(ready: false, overrides: overrides);
        await gateway.StopGatewayAsync();
        await using var world = await RelayWorld.StartAsync([.. gateway.Enclaves.Select(enclave => enclave.Address)]);
        Use(overrides, world, gateway.Enclaves.Length);
        await gateway.StartGatewayAsync();
        await gateway.WhenReadyAsync();

        var group = await TestGroup.FormAsync(gateway);
        Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);

        // The enclave dies: the caller hears of it through the relay, and waits.
        await gateway.Enclaves[1].CrashAsync();
        await Eventually.TrueAsync(() => !gateway.Parts.Fleet.Get(1).View.IsReady);
        Assert.Equal(ErrorCodes.EnclaveUnreachable, gateway.Parts.Fleet.Get(1).View.Condition.Reason);
        var waiting = new TestSigning(group);
        Assert.Equal("running", (await waiting.SignAsync(prefer: null)).State);
        await gateway.Enclaves[1].StartAsync();
        Assert.Equal("completed", (await waiting.ShowAsync(prefer: "wait=30")).State);
    }

    [Theory]
    [MemberData(nameof(Relays))]
    public async Task N06_a_relay_that_is_not_who_it_should_be_is_not_used(Relay relay)
    {
        var overrides = new Hashtable();
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: overrides);
        await gateway.StopGatewayAsync();
        await using var world = await RelayWorld.StartAsync([.. gateway.Enclaves.Select(enclave => enclave.Address)]);
        using var other = new TestAuthority("relay root");
        X509Certificate2 certificate = relay switch
        {
            Relay.OfAnotherRoot => other.Issue(RelayWorld.Host),
            Relay.Expired => world.Authority.Issue(RelayWorld.Host, from: -10, to: -1),
            Relay.OfAnotherName => world.Authority.Issue("elsewhere.internal"),
            Relay.WithAWildcard => world.Authority.Issue("*.localhost"),
            _ => world.Authority.Issue(RelayWorld.Host, forServers: false),
        };
        world.WriteServer(certificate);
        Use(overrides, world, 1);
        var before = gateway.Enclaves[0].Calls.Count;
        await gateway.StartGatewayAsync();
        var link = gateway.Parts.Fleet.Get(0);
        // It has tried, more than once, before the relay is mended.
        await Assert.ThrowsAsync<KeyMeldException>(() => link.Calls.GetStatusAsync(TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCodes.EnclaveUnreachable, link.View.Condition.Reason);
        Assert.Equal(before, gateway.Enclaves[0].Calls.Count);

        world.WriteServer(world.Authority.Issue(RelayWorld.Host));
        await gateway.WhenReadyAsync();
    }

    private static void Use(Hashtable overrides, RelayWorld world, int enclaves)
    {
        var settings = world.CallerSettings();
        overrides["KEYMELD__RELAY__CERTIFICATE"] = settings.Certificate.Certificate;
        overrides["KEYMELD__RELAY__CERTIFICATE_KEY"] = settings.Certificate.Key;
        overrides["KEYMELD__RELAY__ROOTS"] = settings.Roots;
        for (var enclave = 0; enclave < enclaves; enclave++)
        {
            overrides[$"KEYMELD__ENCLAVES__{enclave}__ADDRESS"] = $"relay:{RelayWorld.Host}:{world.Port}";
        }
    }
}
