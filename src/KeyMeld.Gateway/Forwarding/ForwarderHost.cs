using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Forwarding;

/// <summary>The forwarder as a program of its own: a host without a web server.</summary>
internal static class ForwarderHost
{
    private const int ConfigurationInvalid = 2;

    /// <summary>Runs until a signal ends it; the exit code.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var errors = new List<string>();
        if (ForwardArguments.Parse(arguments, errors) is not { } settings)
        {
            await Console.Error.WriteLineAsync($"{ErrorCodes.ConfigurationInvalid}:\n{string.Join('\n', errors)}\n{ForwardArguments.Usage}");
            return ConfigurationInvalid;
        }
        using var host = Build(settings);
        try
        {
            await host.StartAsync();
        }
        catch (KeyMeldException exception)
        {
            await Console.Error.WriteLineAsync($"{exception.Code}:\n{exception.Message}");
            return ConfigurationInvalid;
        }
        Console.WriteLine($"ready {settings.Listen}");
        await host.WaitForShutdownAsync();
        return 0;
    }

    private static IHost Build(ForwarderSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "KeyMeld.Forwarder", DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddSimpleConsole(ConsoleFormat.Apply);
        builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System).AddHostedService<Forwarder>();
        return builder.Build();
    }
}
