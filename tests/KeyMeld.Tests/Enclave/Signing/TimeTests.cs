using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class TimeTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(1);

    private ManualClock Clock => _enclaves[0].Clock;

    [Fact]
    public async Task G22_a_request_dated_in_the_future_is_refused_until_its_time_has_come()
    {
        var driver = Driver(created: TestGroup.Created + 120_001);
        await Refused.WithAsync(ErrorCodes.NotYetValid, () => driver.OpenAsync(0));
        Assert.Equal((0UL, 0), (_enclaves[0].Counters.NoncesIssued, _enclaves[0].Signing.Remembered));
        Clock.Now++;
        await driver.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G22_a_request_kept_for_later_expires()
    {
        var driver = Driver();
        Clock.Now = driver.Request.Signed.Value.Expires + 1;
        await Refused.WithAsync(ErrorCodes.Expired, () => driver.OpenAsync(0));
        Clock.Now--;
        await driver.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G22_an_opened_request_kept_for_later_does_not_sign()
    {
        var driver = Driver();
        var round1 = await driver.OpenAllAsync();
        Clock.Now = driver.Request.Signed.Value.Expires + 1;
        await Refused.WithAsync(ErrorCodes.Expired, () => driver.SignAsync(0, round1));
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesUsed);

        // Its nonces are wiped when the enclave next looks, and the memory is free.
        Clock.Advance(TimeSpan.FromMinutes(2));
        _enclaves[0].Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((2UL, 0), (_enclaves[0].Counters.NoncesBurnt, _enclaves[0].Signing.Remembered));
    }

    [Fact]
    public async Task G22_a_lifetime_over_a_day_or_none_is_no_request()
    {
        // Such a statement cannot be encoded by our own encoder: the bytes of a valid one are patched, and signed.
        var valid = Driver();
        foreach (var expires in (long[])[TestGroup.Created, TestGroup.Created - 1, TestGroup.Created + 86_400_001])
        {
            var bytes = valid.Request.Signed.Bytes.ToArray();
            var position = bytes.AsSpan().IndexOf("expires"u8) + "expires"u8.Length + 1;
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(position), expires);
            var signature = KeyMeld.Protocol.Statements.StatementSigner.Sign("signing-request", bytes, valid.Group.Members[0].Auth);
            var call = valid.OpenCall(0).With(call => call.Request = new KeyMeld.Protocol.Statements.SignedStatement(bytes, [signature]).ToWire());
            await Refused.WithAsync(ErrorCodes.StatementInvalid, () => _enclaves[0].Signing.OpenAsync(call, TestContext.Current.CancellationToken));
        }
        await valid.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task P07_signing_after_sign_until_is_refused_on_the_enclaves_time()
    {
        var driver = Driver(shape: new GroupShape { SignUntil = TestGroup.Created + 60_000 });
        Clock.Now = TestGroup.Created + 60_000;
        var round1 = await driver.OpenAllAsync();
        Clock.Now++;
        await Refused.WithAsync(ErrorCodes.SigningClosed, () => driver.OpenAsync(0, 2));
        await Refused.WithAsync(ErrorCodes.SigningClosed, () => driver.SignAsync(0, round1));
        Assert.Equal(0UL, _enclaves[0].Counters.NoncesUsed);
        Clock.Now--;
        Assert.Equal(1u, (await driver.SignAsync(0, round1)).Attempt);
        Clock.Now++;
        await Refused.WithAsync(ErrorCodes.SigningClosed, () => driver.SignAsync(0, round1));
    }

    private Driver Driver(long created = TestGroup.Created, GroupShape? shape = null) =>
        new(new TestRequest(new TestGroup(_enclaves, [new(0), new(0)], shape), TestRequest.Messages(1), created: created), _enclaves);
}
