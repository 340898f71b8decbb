using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>What the log says of a call that failed.</summary>
public class FaultsTests
{
    [Fact]
    public async Task An_outage_is_a_line_with_its_cause_and_a_fault_of_the_program_has_its_stack()
    {
        var outage = await LoggedAsync(() => throw new KeyMeldException(ErrorCodes.StorageFailed, "The database does not answer.", new IOException("Disk is full.\nDetail: a path")));
        Assert.Contains("ended with storage_failed: The database does not answer. (Disk is full.)", outage, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', outage);
        Assert.DoesNotContain(" at KeyMeld.", outage, StringComparison.Ordinal);

        var fault = await LoggedAsync(() => throw new InvalidOperationException());
        Assert.Contains("ended with internal", fault, StringComparison.Ordinal);
        Assert.Contains(" at KeyMeld.", fault, StringComparison.Ordinal);
    }

    private static async Task<string> LoggedAsync(Func<Task> call)
    {
        using var log = new EnclaveLog();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        await using var services = new ServiceCollection().AddMetrics()
            .AddSingleton(parts => new GatewayTelemetry(parts.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>(), TimeProvider.System)).BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        await new KeyMeld.Gateway.Http.Faults(_ => call(), loggers.CreateLogger<KeyMeld.Gateway.Http.Faults>()).InvokeAsync(context);
        Assert.Equal(StatusCodes.Status500InternalServerError / 100, context.Response.StatusCode / 100);
        return log.Text;
    }
}
