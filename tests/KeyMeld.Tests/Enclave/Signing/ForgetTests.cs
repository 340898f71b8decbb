using Google.Protobuf;
using KeyMeld.Enclave.Signing;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class ForgetTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);
    private readonly Id16 _pair = Id16.Random();

    [Fact]
    public async Task Forgetting_a_signing_burns_its_nonces_and_no_others()
    {
        var group = Group();
        var driver = Request(group, null);
        var other = Request(group, null);
        var round1 = await driver.OpenAllAsync();
        var theirs = await other.OpenAllAsync();
        await ForgetAsync(new UntrustedForget { Request = driver.Request.Digest.ToWire() });
        Assert.Equal(2UL, _enclaves[0].Counters.NoncesBurnt);
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, round1));
        await other.SignAsync(0, theirs);
        await driver.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task Forgetting_a_group_wipes_it_with_what_is_open_and_it_can_be_loaded_again()
    {
        var group = Group();
        var driver = Request(group, null);
        var round1 = await driver.OpenAllAsync();
        await ForgetAsync(new UntrustedForget { Manifest = group.Manifest.Digest.ToWire() });
        Assert.Equal((0, 2UL), (_enclaves[0].Groups.Count, _enclaves[0].Counters.NoncesBurnt));
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, round1));
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => _enclaves[0].Signing.OpenAsync(driver.OpenCall(0, 2, bundle: false), TestContext.Current.CancellationToken));
        await driver.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task Forgetting_a_member_wipes_its_key_and_the_others_sign_on()
    {
        // Members 0 and 1 are hosted by enclave 0, member 2 by enclave 1; the subset is 1 and 2.
        var group = Group();
        var all = Request(group, null);
        var pair = Request(group, _pair);
        var ofAll = await all.OpenAllAsync();
        var ofPair = await pair.OpenAllAsync();
        Assert.True(_enclaves[0].Groups.TryLease(group.RosterHash, out var lease));
        var key = lease.Bundle.KeyOf(0);
        lease.Dispose();

        await ForgetAsync(new UntrustedForget { Manifest = group.Manifest.Digest.ToWire(), User = group.Members[0].User.ToWire() });

        Assert.Throws<ObjectDisposedException>(() => key.SignSchnorr(new byte[32]));
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => all.SignAsync(0, ofAll));
        var signed = await pair.SignAllAsync(ofPair);
        Assert.All(pair.Read(await pair.CombineAsync(0, ofPair, signed)), item => Assert.IsType<ItemResult.Completed>(item));

        // Its envelope is gone at the gateway too: the group loads without it, signs for the subset, and says what is missing for all.
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => OpenAsync(all, null));
        var bundle = group.Bundle(0).With(bundle => bundle.Envelopes.RemoveAt(0));
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => OpenAsync(all, bundle));
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => _enclaves[0].GroupDesk.LoadGroupAsync(bundle, TestContext.Current.CancellationToken));
        await Request(group, _pair).AssertCanGoOnAsync(1);
        await all.AssertCanGoOnAsync(3);
    }

    [Fact]
    public async Task Forgetting_what_is_not_there_is_no_error_and_changes_nothing()
    {
        var group = Group();
        var driver = Request(group, null);
        var round1 = await driver.OpenAllAsync();
        await ForgetAsync(new UntrustedForget { Request = Hash32.Sha256("nothing"u8).ToWire() });
        await ForgetAsync(new UntrustedForget { Manifest = Hash32.Sha256("nothing"u8).ToWire() });
        await ForgetAsync(new UntrustedForget { Manifest = Hash32.Sha256("nothing"u8).ToWire(), User = Id16.Random().ToWire() });
        await ForgetAsync(new UntrustedForget { Manifest = group.Manifest.Digest.ToWire(), User = Id16.Random().ToWire() });
        Assert.All(driver.Read(await driver.CombineAsync(0, round1, await driver.SignAllAsync(round1))), item => Assert.IsType<ItemResult.Completed>(item));
    }

    [Fact]
    public async Task Forgetting_needs_to_say_what()
    {
        var hash = Hash32.Sha256("x"u8).ToWire();
        UntrustedForget[] wrong =
        [
            new(),
            new() { User = Id16.Random().ToWire() },
            new() { Manifest = hash, Request = hash },
            new() { Request = hash, User = Id16.Random().ToWire() },
            new() { Manifest = ByteString.CopyFrom(1, 2) },
            new() { Manifest = hash, User = ByteString.CopyFrom(1, 2) },
            new() { Request = ByteString.CopyFrom(1, 2) },
        ];
        foreach (var call in wrong)
        {
            await Refused.WithAsync(ErrorCodes.BadRequest, () => ForgetAsync(call));
        }
    }

    [Fact]
    public async Task A_signing_that_is_forgotten_while_it_is_opened_and_signed_holds_nothing_afterwards()
    {
        for (var i = 0; i < 30; i++)
        {
            var group = Group();
            var driver = Request(group, null, items: 40);
            var forget = new UntrustedForget { Manifest = group.Manifest.Digest.ToWire() };
            Func<Task>[] calls = [() => Swallow(() => driver.OpenAsync(0)), () => ForgetAsync(forget), () => Swallow(() => driver.OpenAsync(0, 2))];
            await Parallel.ForEachAsync(calls, TestContext.Current.CancellationToken, async (call, _) => await call());
            await ForgetAsync(forget);
            Assert.Equal(0, _enclaves[0].Groups.Count);
        }
        var counters = _enclaves[0].Counters;
        Assert.Equal(counters.NoncesIssued, counters.NoncesBurnt + counters.NoncesUsed);
        Assert.Equal(_enclaves[0].Signing.Remembered * SigningEntry.Weight, _enclaves[0].Memory.Used);
    }

    private static async Task Swallow(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (KeyMeldException exception)
        {
            Assert.Contains(exception.Code, (string[])[ErrorCodes.NotLoaded, ErrorCodes.AttemptStale]);
        }
    }

    private Task<RoundBlob> OpenAsync(Driver driver, UntrustedBundle? bundle) =>
        _enclaves[0].Signing.OpenAsync(driver.OpenCall(0, 2, bundle: false).With(call => call.Bundle = bundle), TestContext.Current.CancellationToken);

    private Task ForgetAsync(UntrustedForget call) => _enclaves[0].Signing.ForgetAsync(call, TestContext.Current.CancellationToken);

    private TestGroup Group() => new(_enclaves, [new(0), new(0), new(1)], new GroupShape { Subsets = [new(_pair, [1, 2])], Approvals = new([0, 1, 2], 1) });

    private Driver Request(TestGroup group, Id16? subset, int items = 1) =>
        new(new TestRequest(group, [.. Enumerable.Range(0, items).Select(_ => TestRequest.Item(subset))], by: 1), _enclaves);
}
