using System.Security.Cryptography;
using KeyMeld.Gateway.Tls;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Tls;

public sealed class CertificateKeeperTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly Clock _time = new();
    private readonly KeptLog<CertificateKeeper> _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_that_change_are_taken_and_those_before_them_are_served_until_then()
    {
        using var keeper = Keep();
        var first = _folder.Thumbprint;
        Assert.Equal(first, keeper.Current.Thumbprint);

        _folder.Renew();
        Assert.Equal(first, keeper.Current.Thumbprint);
        Look();
        Assert.Equal(_folder.Thumbprint, keeper.Current.Thumbprint);
        Assert.NotEqual(first, keeper.Current.Thumbprint);
        Assert.Null(keeper.View.Refused);
        Assert.Equal([701, 701], _log.Events);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("garbage")]
    [InlineData("no file")]
    [InlineData("another key")]
    [InlineData("huge")]
    [InlineData("ended")]
    [InlineData("not yet")]
    [InlineData("open key")]
    public void Files_that_are_no_good_change_nothing_and_are_told_once(string what)
    {
        using var keeper = Keep();
        var served = keeper.Current;
        switch (what)
        {
            case "nothing":
                File.WriteAllText(_folder.Certificate, "");
                break;
            case "garbage":
                File.WriteAllText(_folder.Key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
                break;
            case "no file":
                File.Delete(_folder.Key);
                break;
            case "another key":
                _folder.Renew(keepKey: true);
                break;
            case "huge":
                File.WriteAllBytes(_folder.Certificate, RandomNumberGenerator.GetBytes(300 * 1024));
                break;
            case "ended":
                _folder.Renew(from: -9, to: -2);
                break;
            case "not yet":
                _folder.Renew(from: 2, to: 9);
                break;
            default:
                _folder.Renew();
                File.SetUnixFileMode(_folder.Key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
                break;
        }

        Look();
        Look();
        Assert.Same(served, keeper.Current);
        Assert.Contains(_folder.Certificate[..^"server.pem".Length], keeper.View.Refused, StringComparison.Ordinal);
        Assert.Equal([701, 702], _log.Events);

        File.Delete(_folder.Key);
        _folder.Renew();
        Look();
        Assert.Equal(_folder.Thumbprint, keeper.Current.Thumbprint);
        Assert.Null(keeper.View.Refused);
    }

    [Fact]
    public void Files_that_come_right_by_themselves_are_taken()
    {
        using var keeper = Keep();
        _folder.Renew();
        File.SetUnixFileMode(_folder.Key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Look();
        Assert.NotEqual(_folder.Thumbprint, keeper.Current.Thumbprint);
        File.SetUnixFileMode(_folder.Key, UnixFileMode.UserRead);
        Look();
        Assert.Equal(_folder.Thumbprint, keeper.Current.Thumbprint);

        _folder.Renew(from: 2, to: 9);
        Look();
        Assert.NotEqual(_folder.Thumbprint, keeper.Current.Thumbprint);
        _time.Pass(TimeSpan.FromDays(3));
        Assert.Equal(_folder.Thumbprint, keeper.Current.Thumbprint);
        Assert.Null(keeper.View.Refused);
    }

    [Fact]
    public void An_end_that_comes_near_is_told_once_a_day()
    {
        _folder.Renew(to: 20);
        using var keeper = Keep();
        Look();
        Assert.Equal([701], _log.Events);
        for (var hours = 0; hours < 9 * 24; hours++)
        {
            _time.Pass(TimeSpan.FromHours(1));
        }
        Assert.InRange(_log.Events.Count(id => id == 703), 3, 4);
    }

    [Fact]
    public void A_key_that_everybody_may_read_is_refused_in_production_only()
    {
        File.SetUnixFileMode(_folder.Key, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var refusal = Assert.Throws<KeyMeldException>(() => Keep());
        Assert.Equal(ErrorCodes.ConfigurationInvalid, refusal.Code);
        Assert.StartsWith("server.certificate: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"chmod o= {_folder.Key}", refusal.Message, StringComparison.Ordinal);
        Keep(production: false).Dispose();

        File.SetUnixFileMode(_folder.Key, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Keep().Dispose();
    }

    private CertificateKeeper Keep(bool production = true) => new("server", _folder.Files, production, _time, _log);

    private void Look() => _time.Pass(CertificateKeeper.Period);

    /// <summary>Time passes in steps, and the one timer there is rings once after each, however long it was.</summary>
    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = System.GetUtcNow();
        private Action? _ring;

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal((CertificateKeeper.Period, CertificateKeeper.Period), (dueTime, period));
            _ring = () => callback(state);
            return new Timer(this);
        }

        public void Pass(TimeSpan time)
        {
            _now += time;
            _ring?.Invoke();
        }

        private sealed class Timer(Clock owner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

            public void Dispose() => owner._ring = null;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}
