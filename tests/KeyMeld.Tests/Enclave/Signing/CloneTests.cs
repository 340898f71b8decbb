using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Signing;

/// <summary>The gateway runs several processes with one sealed key, restarts and forks them at will.</summary>
public sealed class CloneTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task G19_two_enclaves_of_one_key_never_share_a_nonce_and_do_not_sign_each_others()
    {
        var driver = new Driver(new TestRequest(new TestGroup(_enclaves, [new(0), new(1)]), TestRequest.Messages(20)), _enclaves);
        using var clone = _enclaves[0].Again();
        var original = await driver.OpenAllAsync();
        var cloned = await clone.Signing.OpenAsync(driver.OpenCall(0), Cancellation);
        var nonces = Nonces(driver, original[0]).Concat(Nonces(driver, cloned)).ToList();
        Assert.Equal(40, nonces.Count);
        Assert.Equal(40, nonces.Distinct().Count());

        // The clone signs neither the original's nonces nor for the original's boot; mixed sets are relay faults.
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => clone.Signing.SignAsync(driver.SignCall(0, original), Cancellation));
        var atClone = driver.SignCall(0, original).With(call => call.Boot = clone.Boot.Id.ToWire());
        await Refused.WithAsync(ErrorCodes.RelayFault, () => clone.Signing.SignAsync(atClone, Cancellation));
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.SignAsync(0, [cloned, original[1]]));

        // The other enclave signs one of the sets and not both; the answers complete only the set they are for.
        var round2 = await driver.SignAllAsync(original);
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => driver.SignAsync(1, [cloned, original[1]]));
        var fromClone = await clone.Signing.SignAsync(driver.SignCall(0, [cloned, original[1]]).With(call => call.Boot = clone.Boot.Id.ToWire()), Cancellation);
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(1, original, [fromClone, round2[1]]));
        await Refused.WithAsync(ErrorCodes.RelayFault, () => driver.CombineAsync(1, [cloned, original[1]], [fromClone, round2[1]]));
        Assert.All(driver.Read(await driver.CombineAsync(1, original, round2)), item => Assert.IsType<ItemResult.Completed>(item));
    }

    [Fact]
    public async Task G19_repeated_attempt_numbers_in_other_boots_have_other_nonces()
    {
        var driver = new Driver(new TestRequest(new TestGroup(_enclaves, [new(0), new(1)]), TestRequest.Messages(3)), _enclaves);
        var seen = new List<string>();
        for (var boot = 0; boot < 5; boot++)
        {
            seen.AddRange(Nonces(driver, await driver.OpenAsync(0)));
            driver.Restart(0);
        }
        Assert.Equal(15, seen.Distinct().Count());
        await driver.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task P01_all_nonces_of_a_large_batch_are_distinct_even_for_equal_messages()
    {
        var message = Hash32.Sha256("the same everywhere"u8);
        SigningItem[] items = [.. Enumerable.Range(0, 2_000).Select(_ => new SigningItem { Item = Id16.Random(), Message = message })];
        var driver = new Driver(new TestRequest(new TestGroup(_enclaves, [new(0), new(0), new(1)]), items), _enclaves);
        var nonces = Nonces(driver, await driver.OpenAsync(0)).ToList();
        Assert.Equal(4_000, nonces.Count);
        Assert.Equal(4_000, nonces.Distinct().Count());
        // Both points of every nonce differ from all others.
        Assert.Equal(8_000, nonces.SelectMany(nonce => (string[])[nonce[..66], nonce[66..]]).Distinct().Count());
    }

    private static IEnumerable<string> Nonces(Driver driver, RoundBlob blob)
    {
        var envelope = Driver.Envelope(blob);
        var aad = Aad.Round1(driver.Group.RosterHash, driver.Request.Digest, envelope.Attempt, envelope.Node);
        Assert.True(driver.Group.Cipher.TryDecrypt(Purposes.Round1, aad, envelope.Blob.Span, out var plaintext));
        return [.. RoundEntries.ParseRound1(plaintext).Select(entry => Convert.ToHexStringLower(entry.Nonce.Span))];
    }
}
