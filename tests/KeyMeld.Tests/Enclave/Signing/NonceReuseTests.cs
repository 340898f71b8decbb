using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class NonceReuseTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G08_a_second_sign_with_other_nonces_is_refused()
    {
        var driver = Request(4);
        var (first, second) = await TwoSetsAsync(driver);
        var answer = await driver.SignAsync(0, first);
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, second));
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, second));
        Assert.Equal((4UL, 2UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NonceReuseRefused));
        // The equal call gets the stored answer, and a new attempt goes through.
        Assert.Equal(answer, await driver.SignAsync(0, first));
        await driver.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task G08_a_second_sign_after_wrong_or_missing_blobs_is_refused_too()
    {
        var driver = Request(1);
        var round1 = await driver.OpenAllAsync();
        await driver.SignAsync(0, round1);
        RoundBlob[][] others = [[], [round1[0]], [round1[1], round1[0]], [round1[0], round1[1].Clone().With(blob => blob.Blob = blob.Blob.Flipped())]];
        foreach (var other in others)
        {
            await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, other));
        }
    }

    [Fact]
    public async Task G08_two_signs_at_once_with_other_nonces_one_signs_and_one_is_refused()
    {
        for (var i = 0; i < 50; i++)
        {
            var driver = Request(8);
            var (first, second) = await TwoSetsAsync(driver);
            using var start = new Barrier(2);
            var outcomes = await Task.WhenAll(new[] { first, second }.Select(set => Task.Run(async () =>
            {
                start.SignalAndWait(Cancellation);
                try
                {
                    await driver.SignAsync(0, set);
                    return "signed";
                }
                catch (KeyMeldException exception)
                {
                    return exception.Code;
                }
            })));
            Assert.Equal([ErrorCodes.NonceAlreadyUsed, "signed"], outcomes.Order());
        }
        Assert.Equal(400UL, _enclaves[0].Counters.NoncesUsed);
    }

    [Fact]
    public async Task G08_two_equal_signs_at_once_compute_once_and_get_equal_bytes()
    {
        var driver = Request(8);
        var round1 = await driver.OpenAllAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => driver.SignAsync(0, round1))));
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
        Assert.Equal((8UL, 0UL), (_enclaves[0].Counters.NoncesUsed, _enclaves[0].Counters.NonceReuseRefused));
    }

    [Fact]
    public async Task G08_after_a_crash_in_between_the_old_nonces_are_gone()
    {
        var driver = Request(2);
        var round1 = await driver.OpenAllAsync();
        driver.Restart(0);
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => driver.SignAsync(0, round1));
        // The gateway claims the old boot.
        var old = driver.SignCall(0, round1).With(call => call.Boot = round1[0].Boot);
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => _enclaves[0].Signing.SignAsync(old, Cancellation));
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => driver.Enclaves[0].Signing.SignAsync(old, Cancellation));
        // The same attempt opened again has other nonces, and the other node's answer to the first set is no answer to this one.
        var again = await driver.OpenAsync(0);
        Assert.NotEqual(round1[0].Blob, again.Blob);
        await driver.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task G08_other_messages_tweaks_or_signers_are_another_request_with_other_nonces()
    {
        var driver = Request(1);
        var round1 = await driver.OpenAllAsync();
        var item = driver.Request.Items[0];
        SigningItem[] changed = [item with { Message = Hash32.Sha256("other"u8) }, item with { Tweaks = new TweakChain([new Tweak.Bip86()]) }];
        foreach (var other in changed)
        {
            var twin = new Driver(new TestRequest(driver.Group, [other]), _enclaves);
            Assert.NotEqual(driver.Request.Digest, twin.Request.Digest);
            await Refused.WithAsync(ErrorCodes.NotLoaded, () => twin.SignAsync(0, round1));
            var opened = await twin.OpenAllAsync();
            await Refused.WithAsync(ErrorCodes.RelayFault, () => twin.SignAsync(0, [round1[0], opened[1]]));
            await Refused.WithAsync(ErrorCodes.RelayFault, () => twin.SignAsync(0, [opened[0], round1[1]]));
        }
        await driver.SignAllAsync(round1);
    }

    [Fact]
    public async Task A_higher_attempt_wipes_the_lower_one()
    {
        var driver = Request(3);
        var first = await driver.OpenAllAsync(1);
        await driver.OpenAllAsync(2);
        Assert.Equal(3UL, _enclaves[0].Counters.NoncesBurnt);
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(0, first, 1));
        await Refused.WithAsync(ErrorCodes.AttemptStale, () => driver.OpenAsync(0, 1));
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => driver.SignAsync(0, first, 3));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => driver.OpenAsync(0, 0));
        await driver.AssertCanGoOnAsync(3);
    }

    [Fact]
    public async Task Sixteen_attempts_in_a_boot_are_the_most()
    {
        var driver = Request(1);
        for (var attempt = 1; attempt <= Limits.Attempts; attempt++)
        {
            await driver.OpenAsync(0, 10 * attempt);
        }
        await Refused.WithAsync(ErrorCodes.AttemptsExhausted, () => driver.OpenAsync(0, 1000));
        await driver.OpenAsync(0, 160);
        driver.Restart(0);
        await driver.AssertCanGoOnAsync(1000);
    }

    private Driver Request(int items) => new(new TestRequest(new TestGroup(_enclaves, [new(0), new(1)]), TestRequest.Messages(items)), _enclaves);

    // The gateway runs enclave 1 twice, so it has two valid blobs of that node to show to enclave 0.
    private async Task<(RoundBlob[] First, RoundBlob[] Second)> TwoSetsAsync(Driver driver)
    {
        using var clone = _enclaves[1].Again();
        var first = await driver.OpenAllAsync();
        return (first, [first[0], await clone.Signing.OpenAsync(driver.OpenCall(1), Cancellation)]);
    }
}
